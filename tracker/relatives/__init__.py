"""Relatives whose numbers a member pays to: confirmed by their owners, by sums or by shares."""
