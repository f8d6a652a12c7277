"""Shops' webhook secrets: encrypted, shown once, several at a time while one replaces another."""
