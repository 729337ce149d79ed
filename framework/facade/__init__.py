"""One API to any tracker: issues, claims, dependencies, messages, for agents and people."""
