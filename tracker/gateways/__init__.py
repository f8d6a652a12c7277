"""The outside world: each module implements a port of a room below.
What comes from outside is decoded strictly; what cannot be trusted is said to be unknown.
"""
