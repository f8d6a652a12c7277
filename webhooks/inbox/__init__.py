"""The inbox: every accepted event, its raw bytes, and what became of it."""
