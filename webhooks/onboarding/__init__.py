"""Connecting a shop: its dialect, its secrets, and another dialect tried on what it has sent."""
