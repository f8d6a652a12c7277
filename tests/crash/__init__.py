"""Months are paid while processes are killed at named places; see docs/testing.md."""
