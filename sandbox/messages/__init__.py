"""Stands in for the SMS centre and the mail server: what is sent can be read here.

One process serves both, where SMS_URL and MAIL_URL say, and keeps what was delivered in
``messages.sqlite3`` in its data folder. ``tracker sandbox messages`` reads it.
"""
