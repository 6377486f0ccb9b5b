"""Live push: one process that holds the sockets and reads every user's event stream.

What is said: messages (by a client), frames (by the gateway), schema (both, published). Who is let in: listener
(how much a stranger may send), handshake (who it is), limits (how much one client may ask). Who is here: session
(message in, answer out, no socket), connections (queues and positions), handler (the life of a socket), feed (where
events come from). How it is: metrics, draining.
"""
