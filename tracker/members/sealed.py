"""What of members is sealed: to be sealed anew when the key is changed."""

from tracker.kit.resealing import HashedColumn, SealedColumn
from tracker.members.models import Member, Number
from tracker.members.queries import EMAIL, PHONE

COLUMNS = (
    SealedColumn(Number, "sealed", lambda row: f"phone of member {row.member_id}", "hash", PHONE),
    SealedColumn(
        Member, "email_sealed", lambda row: f"email of member {row.id}", "email_hash", EMAIL
    ),
)

HASHED = (HashedColumn(Number, "hash", "hash_mark", "sealed IS NULL AND role = 'own'"),)
"""Who has left is known again by it, and has no second welcome bonus."""
