"""What the money of a replay must come to, worked out a second time and in another way.

Nothing of the product is used here, nor of the sandbox: only the standard library and the rules
as people say them. ``python -m tests.oracle FILE`` prints the figures.
"""
