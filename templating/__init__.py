"""Words from templates: strict, sandboxed, bounded. Pure; both the accepting worker and a preview use it."""
