"""The REST routes: beside a Django service, in a growing table, and beside a very large inbox."""
