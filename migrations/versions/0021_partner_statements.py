"""Shops' statements: how each shop writes them, their files, their lines, and what is found."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shop_statement_formats",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("format", postgresql.JSONB(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column(
            "set_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_shop_statement_formats_shop_id_shops")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_statement_formats")),
    )
    op.create_index(
        "ix_shop_statement_formats_shop_id_id",
        "shop_statement_formats",
        ["shop_id", "id"],
        unique=False,
    )
    op.create_table(
        "shop_statements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("format", postgresql.JSONB(), nullable=False),
        sa.Column("format_sha256", sa.Text(collation="C"), nullable=False),
        sa.Column("skip_faulty", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(collation="C"), nullable=True),
        sa.Column("size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("progress", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lines", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused_lines", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ignored_lines", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("faults", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("figures", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("matches", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column(
            "uploaded_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("read_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("matched_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state = 'uploading' OR sha256 IS NOT NULL", name=op.f("ck_shop_statements_sha256")
        ),
        sa.CheckConstraint(
            "state IN ('matched', 'read', 'refused', 'superseded', 'uploading', 'waiting')",
            name=op.f("ck_shop_statements_state"),
        ),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_shop_statements_days")),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_shop_statements_shop_id_shops")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_statements")),
    )
    op.create_index(
        "ix_shop_statements_shop_id_id", "shop_statements", ["shop_id", "id"], unique=False
    )
    op.create_index(
        "ix_shop_statements_waiting",
        "shop_statements",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'read')"),
    )
    op.create_index(
        "uq_shop_statements_file",
        "shop_statements",
        ["shop_id", "sha256", "first_day", "last_day", "format_sha256", "skip_faulty"],
        unique=True,
        postgresql_where=sa.text("state <> 'uploading'"),
    )
    op.create_table(
        "partner_findings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(collation="C"), nullable=False),
        sa.Column("figures", sa.Text(collation="C"), nullable=False),
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("match_no", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("purchase_id", sa.BigInteger(), nullable=True),
        sa.Column("our_order_id", sa.Text(collation="C"), nullable=True),
        sa.Column("our_amount", sa.BigInteger(), nullable=True),
        sa.Column("their_amount", sa.BigInteger(), nullable=True),
        sa.Column("our_word", sa.Text(), nullable=True),
        sa.Column("their_word", sa.Text(), nullable=True),
        sa.Column("our_commission", sa.BigInteger(), nullable=True),
        sa.Column("their_commission", sa.BigInteger(), nullable=True),
        sa.Column("commission_effect", sa.BigInteger(), nullable=False),
        sa.Column("cashback_effect", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("effective_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "opened_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "decision IN ('claim', 'ignored', 'ours', 'theirs')",
            name=op.f("ck_partner_findings_decision"),
        ),
        sa.CheckConstraint(
            "kind IN ('amount', 'commission', 'duplicate', 'missing_with_them', 'missing_with_us', 'near', 'status')",
            name=op.f("ck_partner_findings_kind"),
        ),
        sa.CheckConstraint(
            "our_word IN ('confirmed', 'open', 'rejected', 'returned')",
            name=op.f("ck_partner_findings_our_word"),
        ),
        sa.CheckConstraint(
            "outcome IN ('booked', 'cannot_be_taken_back', 'looks_like_another', 'no_day', 'not_taken', 'nothing_to_book', 'terms_stand', 'told_in_pieces')",
            name=op.f("ck_partner_findings_outcome"),
        ),
        sa.CheckConstraint(
            "state <> 'accepted' OR decision = 'theirs'", name=op.f("ck_partner_findings_accepted")
        ),
        sa.CheckConstraint(
            "state IN ('accepted', 'booked', 'gone', 'open', 'refused', 'settled')",
            name=op.f("ck_partner_findings_state"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'gone') OR (decision IS NOT NULL AND decided_by IS NOT NULL AND reason IS NOT NULL)",
            name=op.f("ck_partner_findings_decided"),
        ),
        sa.CheckConstraint(
            "their_word IN ('confirmed', 'open', 'returned')",
            name=op.f("ck_partner_findings_their_word"),
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"],
            ["purchases.id"],
            name=op.f("fk_partner_findings_purchase_id_purchases"),
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_partner_findings_shop_id_shops")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["shop_statements.id"],
            name=op.f("fk_partner_findings_statement_id_shop_statements"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_findings")),
        sa.UniqueConstraint(
            "shop_id",
            "kind",
            "order_id",
            "figures",
            name=op.f("uq_partner_findings_shop_id_kind_order_id_figures"),
        ),
    )
    op.create_index(
        "ix_partner_findings_accepted",
        "partner_findings",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'accepted'"),
    )
    op.create_index(
        "ix_partner_findings_open",
        "partner_findings",
        ["shop_id", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_partner_findings_statement_id_id",
        "partner_findings",
        ["statement_id", "id"],
        unique=False,
    )
    op.create_table(
        "shop_statement_lines",
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("order_id", sa.Text(collation="C"), nullable=True),
        sa.Column("order_key", sa.Text(collation="C"), nullable=True),
        sa.Column("ordered_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("word", sa.Text(), nullable=True),
        sa.Column("commission", sa.BigInteger(), nullable=True),
        sa.Column("click_id", sa.Text(collation="C"), nullable=True),
        sa.CheckConstraint(
            "word IN ('confirmed', 'open', 'returned')", name=op.f("ck_shop_statement_lines_word")
        ),
        sa.PrimaryKeyConstraint("statement_id", "line", name=op.f("pk_shop_statement_lines")),
    )
    op.create_table(
        "shop_statement_parts",
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["shop_statements.id"],
            name=op.f("fk_shop_statement_parts_statement_id_shop_statements"),
        ),
        sa.PrimaryKeyConstraint("statement_id", "part", name=op.f("pk_shop_statement_parts")),
    )
    op.create_index(
        "ix_shop_statement_parts_held",
        "shop_statement_parts",
        ["statement_id"],
        unique=False,
        postgresql_where=sa.text("sealed IS NOT NULL"),
    )
    op.execute(
        "GRANT SELECT, INSERT ON shop_statement_formats, shop_statement_lines TO tracker_app"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE (sealed) ON shop_statement_parts TO tracker_app")
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (state, sha256, size, progress, lines, refused_lines,"
        " ignored_lines, total, why, faults, figures, matches, failures, fence, lease_until,"
        " read_at, matched_at) ON shop_statements TO tracker_app"
    )
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (statement_id, match_no, line, purchase_id, our_order_id,"
        " our_amount, their_amount, our_word, their_word, our_commission, their_commission,"
        " commission_effect, cashback_effect, state, decision, reason, decided_by, decided_at,"
        " effective_at, outcome, ended_at) ON partner_findings TO tracker_app"
    )


def downgrade() -> None:
    for table in (
        "shop_statement_lines",
        "shop_statement_parts",
        "partner_findings",
        "shop_statements",
        "shop_statement_formats",
    ):
        op.drop_table(table)
