"""PostgreSQL, the truth: tables, one repository per subject, the inbox with its counters and events."""
