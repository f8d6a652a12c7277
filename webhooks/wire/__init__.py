"""What requests are made of, and reading them field by field. Knows no dialect. Pure."""
