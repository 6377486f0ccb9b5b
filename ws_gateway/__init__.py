"""Live push: one process that holds the sockets and reads every user's event stream.

Its parts: messages and frames (what is said, either way), schema (both, published), session (message in, message out, no socket), connections (who
is here), handler (the only file with a socket), feed (where events come from).
"""
