"""The REST door: parse, ask, answer. Knows no workflow, activity or provider."""
