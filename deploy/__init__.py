"""How the service is run: the one-machine stack, the edge and the container images."""
