"""How a shop's own words are read: a declarative mapping, checked when it is saved. Pure.

A mapping is data, never code: pointers to fields, words with their meaning, formats out of closed
lists. docs/own-format.md is its reference.
"""
