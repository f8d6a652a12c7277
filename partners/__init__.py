"""What partners mean: shops, offers, secrets, links, and their notices turned into reports."""
