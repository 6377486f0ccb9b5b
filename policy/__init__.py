"""The decisions, pure: `now` and data in, an answer with its reason out. No clock, no I/O, no framework."""
