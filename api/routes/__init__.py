"""The routes, a module per resource. Each parses, asks and answers."""
