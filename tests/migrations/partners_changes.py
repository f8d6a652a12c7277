"""The same of the tables of what shops owe."""

NONE: frozenset[str] = frozenset()

PARTNERS: dict[str, frozenset[str]] = {
    "partner_terms": frozenset(
        {
            "payment_days",
            "language",
            "legal_name",
            "address",
            "tax_id",
            "funding_limit",
            "changed_by",
            "changed_at",
        }
    ),
    "invoice_runs": frozenset({"finished_at", "invoices"}),
    "invoice_counters": frozenset({"last"}),
    "invoices": NONE,
    "shop_payments": frozenset({"shop_id", "reversed_by", "reversed_at"}),
    "payment_allocations": frozenset({"undone_by", "undone_at", "undone_on"}),
    "shop_funding": NONE,
    "funding_days": NONE,
}
