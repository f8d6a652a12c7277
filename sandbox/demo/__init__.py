"""``tracker up --demo``: shops that sell, members who click, months that are paid, a day a second.

It speaks to a running stack as outsiders would: signed webhooks and staff calls over HTTP, and the
``tracker`` commands.
"""
