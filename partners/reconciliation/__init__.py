"""What a shop says its orders came to, one by one, against our books; and what is done about it."""
