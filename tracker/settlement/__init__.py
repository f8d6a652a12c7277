"""A month's auto-payment: who is due what, sealed, approved by a second person, delivered once."""
