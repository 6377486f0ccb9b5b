"""The OpenAPI document: what FastAPI cannot read off the routes by itself."""
