"""The gateway under many sockets: steady traffic, one announcement to all, and everybody thrown out at once."""
