"""Salon certificates: ordered for what was saved, issued by workers, redeemed once at a salon."""
