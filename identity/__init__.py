"""Who is calling: credentials, tokens, keys, what was revoked. The same answers for both doors, HTTP and WebSocket."""
