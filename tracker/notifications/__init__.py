"""Notifications: templates in three languages, an outbox in PostgreSQL, and its delivery."""
