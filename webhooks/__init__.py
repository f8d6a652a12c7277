"""Bytes at the front door: signatures, the inbox, and its dispatch to the partners' vocabulary."""
