"""What goes with a key: codes and salons' keys, which are kept nowhere but as hashes."""

from tracker.certificates.models import Certificate, Salon
from tracker.kit.resealing import HashedColumn

HASHED = (
    HashedColumn(
        Certificate,
        "code_hash",
        "code_mark",
        "code_hash IS NOT NULL AND (state = 'issued' OR redeemed_at > now() - interval '7 days')",
    ),
    HashedColumn(Salon, "key_hash", "key_mark", "closed_at IS NULL"),
)
"""Codes that may still be shown, those whose receipt may be told again, tills that are open."""
