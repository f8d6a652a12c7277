"""Offers: what a shop pays and promises, from which moment on; and the shops' import file."""
