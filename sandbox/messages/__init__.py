"""Stands in for the SMS centre and the mail server: what is sent can be read here."""
