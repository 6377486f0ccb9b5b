"""The shapes of requests and answers, a module per resource."""
