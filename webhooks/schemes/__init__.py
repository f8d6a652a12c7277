"""How a request proves where it comes from, and how much that proof is worth. Pure."""
