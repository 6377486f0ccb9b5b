"""Who is calling. The same answers for both doors, HTTP and WebSocket."""
