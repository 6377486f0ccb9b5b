"""The whole service on one machine, on a real PostgreSQL and a real Temporal server: `python -m deploy.local`."""
