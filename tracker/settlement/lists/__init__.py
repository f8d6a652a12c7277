"""A month's list: drawn up, sealed, kept as sealed, and explained from last month's."""
