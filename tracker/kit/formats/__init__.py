"""How others write numbers and moments, told by data and checked when it is saved. Pure.

Whoever lets staff describe a file or a message of others reads it by these: nothing in a format is
code, and what could be read in two ways is refused.
"""
