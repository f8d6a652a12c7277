"""The team: who is in it, their tokens, sign-in by password and one-time code, and two for more."""
