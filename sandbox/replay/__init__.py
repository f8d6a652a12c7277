"""A month of real invoices as a month of webhooks: what ``tracker replay`` sends, and when.

Everything here but the reading of the file is pure: rows → purchases and returns → events → days.
"""
