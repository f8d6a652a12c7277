"""Number, captcha, code, address, code, password: a stranger becomes a member, step by step.

What is remembered between the steps is a row, named by a token that whoever began alone has. The
steps tell nobody whether a number is a member's: nothing is looked up before its code was right.
"""
