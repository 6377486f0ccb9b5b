"""The steps that touch the world, as classes with their collaborators injected."""
