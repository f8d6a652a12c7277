"""Signing in: by a password, or by a code with a second proof where the number is not enough."""
