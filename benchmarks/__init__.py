"""Measurements beside their floors; run by `make bench`."""
