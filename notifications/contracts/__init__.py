"""What crosses a process boundary: shapes, names, limits and errors. Standard library alone."""
