"""The same of the tables of goals and certificates."""

SAVINGS: dict[str, frozenset[str]] = {
    "goals": frozenset(
        {
            "name",
            "target",
            "reserved",
            "place",
            "state",
            "moves",
            "spendings",
            "reached_at",
            "ended_at",
        }
    ),
    "salons": frozenset({"name", "key_hash", "key_mark", "closed_at"}),
    "certificates": frozenset(
        {
            "state",
            "code_hash",
            "code_mark",
            "code_proof",
            "codes",
            "order_key",
            "fence",
            "lease_until",
            "issued_at",
            "expires_at",
            "redeemed_at",
            "salon_id",
            "receipt_id",
            "voided_at",
            "void_reason",
            "decided_by",
        }
    ),
}
