"""Programme links: a click records the terms a shop promises at that moment."""
