"""What the service costs, each figure beside a raw floor measured in the same run: `python -m bench`."""
