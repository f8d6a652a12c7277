"""Months of random acts, then every report of money beside the same made by plain Python."""
