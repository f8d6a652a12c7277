"""Who did what to what, when and why, with before and after. Written to, never changed."""
