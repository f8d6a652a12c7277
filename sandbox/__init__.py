"""Stands in for the outside world: embedded servers, billing, sample catalogue, demo, replay.

Never needed in production. Speaks to the product over HTTP and its commands, as others would.
"""
