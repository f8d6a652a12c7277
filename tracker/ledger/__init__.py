"""Accounts and postings: double entry that PostgreSQL itself holds, and the proof of it."""
