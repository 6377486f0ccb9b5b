"""A local stand-in for Courier's HTTP API, for development and tests; never a code path of the product.

A call travels `vendor` (the door) → `intake` (what becomes of it: a replay, a fault, a message) → `ledger`
(what was received, on disk) → `progress` (how the message fares) → `webhooks` (telling the product). `tool` is
the second door, for people and tests: it shows what was sent and sets the faults.
"""
