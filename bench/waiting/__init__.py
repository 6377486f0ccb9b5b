"""What waits: how punctual it is, what it costs to hold, and what Temporal writes for it."""
