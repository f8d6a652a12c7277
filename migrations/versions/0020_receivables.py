"""What shops owe us: terms of payment, invoices, payments, and what was lent to them."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "funding_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "recorded_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_funding_days")),
    )
    op.create_table(
        "invoice_counters",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_invoice_counters")),
    )
    op.create_table(
        "invoice_runs",
        sa.Column("period", sa.Text(collation="C"), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column(
            "asked_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("finished_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("invoices", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (invoices IS NULL)", name=op.f("ck_invoice_runs_done")
        ),
        sa.ForeignKeyConstraint(
            ["period"],
            ["closed_periods.period"],
            name=op.f("fk_invoice_runs_period_closed_periods"),
        ),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_invoice_runs")),
    )
    op.create_table(
        "partner_terms",
        sa.Column("shop_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("payment_days", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("tax_id", sa.Text(), nullable=False),
        sa.Column("funding_limit", sa.BigInteger(), nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column(
            "changed_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "language IN ('en', 'ru', 'uk')", name=op.f("ck_partner_terms_language")
        ),
        sa.CheckConstraint("funding_limit >= 0", name=op.f("ck_partner_terms_funding_limit")),
        sa.CheckConstraint(
            "payment_days BETWEEN 0 AND 180", name=op.f("ck_partner_terms_payment_days")
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_partner_terms_shop_id_shops")
        ),
        sa.PrimaryKeyConstraint("shop_id", name=op.f("pk_partner_terms")),
    )
    op.create_table(
        "shop_funding",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("paid_to_members", sa.BigInteger(), nullable=False),
        sa.Column("covered", sa.BigInteger(), nullable=False),
        sa.Column("funded", sa.BigInteger(), nullable=False),
        sa.Column(
            "recorded_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_shop_funding_shop_id_shops")
        ),
        sa.PrimaryKeyConstraint("day", "shop_id", name=op.f("pk_shop_funding")),
    )
    op.create_table(
        "shop_payments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("bank_reference", sa.Text(collation="C"), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("reversed_by", sa.Text(), nullable=True),
        sa.Column("reversed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('payment', 'write_off')", name=op.f("ck_shop_payments_kind")),
        sa.CheckConstraint(
            "(reversed_at IS NULL) = (reversed_by IS NULL)", name=op.f("ck_shop_payments_reversed")
        ),
        sa.CheckConstraint(
            "amount BETWEEN 1 AND 100000000000000", name=op.f("ck_shop_payments_amount")
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_shop_payments_shop_id_shops")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_payments")),
        sa.UniqueConstraint("bank_reference", name=op.f("uq_shop_payments_bank_reference")),
    )
    op.create_index(
        "ix_shop_payments_nobodys",
        "shop_payments",
        ["id"],
        unique=False,
        postgresql_where=sa.text("shop_id IS NULL"),
    )
    op.create_index(
        op.f("ix_shop_payments_shop_id_id"), "shop_payments", ["shop_id", "id"], unique=False
    )
    op.create_table(
        "invoices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.Text(collation="C"), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("tax_id", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "amount <> 0 AND (kind = 'invoice') = (amount > 0)", name=op.f("ck_invoices_amount")
        ),
        sa.CheckConstraint("kind IN ('credit_note', 'invoice')", name=op.f("ck_invoices_kind")),
        sa.CheckConstraint("due_on >= issued_on", name=op.f("ck_invoices_due_on")),
        sa.ForeignKeyConstraint(
            ["period"], ["invoice_runs.period"], name=op.f("fk_invoices_period_invoice_runs")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_invoices_shop_id_shops")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("number", name=op.f("uq_invoices_number")),
        sa.UniqueConstraint("shop_id", "period", name=op.f("uq_invoices_shop_id_period")),
    )
    op.create_index(op.f("ix_invoices_period_id"), "invoices", ["period", "id"], unique=False)
    op.create_table(
        "payment_allocations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("credit_note_id", sa.BigInteger(), nullable=True),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column(
            "made_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.Column("undone_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(payment_id IS NULL) <> (credit_note_id IS NULL)",
            name=op.f("ck_payment_allocations_source"),
        ),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone_by IS NULL)", name=op.f("ck_payment_allocations_undone")
        ),
        sa.CheckConstraint(
            "amount BETWEEN 1 AND 100000000000000", name=op.f("ck_payment_allocations_amount")
        ),
        sa.ForeignKeyConstraint(
            ["credit_note_id"],
            ["invoices.id"],
            name=op.f("fk_payment_allocations_credit_note_id_invoices"),
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.id"], name=op.f("fk_payment_allocations_invoice_id_invoices")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["shop_payments.id"],
            name=op.f("fk_payment_allocations_payment_id_shop_payments"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_allocations")),
    )
    op.create_index(
        op.f("ix_payment_allocations_credit_note_id"),
        "payment_allocations",
        ["credit_note_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_payment_allocations_invoice_id"),
        "payment_allocations",
        ["invoice_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_payment_allocations_payment_id"),
        "payment_allocations",
        ["payment_id"],
        unique=False,
    )

    for table in ("invoices", "shop_funding", "funding_days"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()"
        )
        op.execute(f"GRANT SELECT, INSERT ON {table} TO tracker_app")
    for table, columns in _STATE.items():
        op.execute(f"GRANT SELECT, INSERT, UPDATE ({columns}) ON {table} TO tracker_app")


def downgrade() -> None:
    for table in (
        "payment_allocations",
        "shop_payments",
        "invoices",
        "invoice_runs",
        "invoice_counters",
        "shop_funding",
        "funding_days",
        "partner_terms",
    ):
        op.drop_table(table)


_STATE = {
    "partner_terms": "payment_days, language, legal_name, address, tax_id, funding_limit,"
    " changed_by, changed_at",
    "invoice_runs": "finished_at, invoices",
    "invoice_counters": "last",
    "shop_payments": "shop_id, reversed_by, reversed_at",
    "payment_allocations": "undone_by, undone_at",
}
"""Of these the application changes some columns."""
