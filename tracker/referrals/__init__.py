"""Referral links: whose link a friend came by first, and what makes an invitation suspicious."""
