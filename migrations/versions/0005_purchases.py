"""Clicks, purchases and the welcome bonus."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "clicks",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("clicked_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("valid_until", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("valid_until > clicked_at", name=op.f("ck_clicks_valid_until")),
        sa.Column("cashback_bp", sa.Integer(), nullable=False),
        sa.Column("commission_bp", sa.Integer(), nullable=False),
        sa.Column("hold_days", sa.Integer(), nullable=False),
        sa.Column("on_hold_end", sa.Text(), nullable=False),
        sa.Column("sub_id", sa.Text(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "sub_id ~ '^[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,63}$'", name=op.f("ck_clicks_sub_id")
        ),
        sa.CheckConstraint(
            "on_hold_end IN ('confirm', 'reject', 'wait_for_staff')",
            name=op.f("ck_clicks_on_hold_end"),
        ),
        sa.CheckConstraint("cashback_bp BETWEEN 0 AND 5000", name=op.f("ck_clicks_cashback_bp")),
        sa.CheckConstraint(
            "commission_bp BETWEEN 0 AND 10000", name=op.f("ck_clicks_commission_bp")
        ),
        sa.CheckConstraint("hold_days BETWEEN 0 AND 90", name=op.f("ck_clicks_hold_days")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_clicks_member_id_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clicks")),
    )
    op.create_index(
        "ix_clicks_of_member", "clicks", ["member_id", "clicked_at", "id"], unique=False
    )
    op.create_table(
        "purchases",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.Text(collation="C"), nullable=False),
        sa.Column("order_key", sa.Text(collation="C"), nullable=False),
        sa.Column("separate_reason", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="unmatched", nullable=False),
        sa.Column("unattributed_reason", sa.Text(), nullable=True),
        sa.Column("click_id", sa.Text(collation="C"), nullable=True),
        sa.Column("attributed_click_id", sa.Text(collation="C"), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("ordered_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("hold_ends_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("hold_outcome", sa.Text(), nullable=True),
        sa.Column("staff_outcome", sa.Text(), nullable=True),
        sa.Column("confirmed_by_shop_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("claimed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ceiling", sa.BigInteger(), nullable=True),
        sa.Column("vouched_total", sa.BigInteger(), nullable=True),
        sa.Column("upstream_status", sa.Text(), nullable=True),
        sa.Column("upstream_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("upstream_source", sa.Text(collation="C"), nullable=True),
        sa.Column("suspect_of", sa.BigInteger(), nullable=True),
        sa.Column("statement_no", sa.Integer(), server_default="0", nullable=False),
        sa.Column("stated_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("stated_amended", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("stated_source", sa.Text(collation="C"), nullable=True),
        sa.Column("stated_trusted", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("stated_whole", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("stated_total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("heard_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("feed", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("promised_cashback", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pending_cashback", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pending_commission", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("confirmed_cashback", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("confirmed_commission", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tracked_reference", sa.Text(collation="C"), nullable=True),
        sa.Column("confirmed_reference", sa.Text(collation="C"), nullable=True),
        sa.Column(
            "opened_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "hold_outcome IN ('confirm', 'reject', 'wait_for_staff')",
            name=op.f("ck_purchases_hold_outcome"),
        ),
        sa.CheckConstraint(
            "staff_outcome IN ('confirm', 'reject')", name=op.f("ck_purchases_staff_outcome")
        ),
        sa.CheckConstraint("ceiling >= 0", name=op.f("ck_purchases_ceiling")),
        sa.CheckConstraint(
            "status IN ('awaiting_staff', 'confirmed', 'pending', 'rejected', 'unattributed', 'unmatched')",
            name=op.f("ck_purchases_status"),
        ),
        sa.CheckConstraint(
            "unattributed_reason IN ('click_of_another_shop', 'no_click_id', 'outside_window', 'unknown_click')",
            name=op.f("ck_purchases_unattributed_reason"),
        ),
        sa.CheckConstraint(
            "pending_cashback >= 0 AND confirmed_cashback >= 0", name=op.f("ck_purchases_standing")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_purchases_member_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["suspect_of"], ["purchases.id"], name=op.f("fk_purchases_suspect_of_purchases")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchases")),
        sa.UniqueConstraint("shop_id", "order_id", name=op.f("uq_purchases_shop_id_order_id")),
        sa.UniqueConstraint("shop_id", "order_key", name=op.f("uq_purchases_shop_id_order_key")),
    )
    op.create_index(
        "ix_purchases_due",
        "purchases",
        ["hold_ends_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_purchases_members",
        "purchases",
        ["member_id", "ordered_at", "shop_id", "order_id"],
        unique=False,
        postgresql_where=sa.text("member_id IS NOT NULL"),
    )
    op.create_index(
        "ix_purchases_days",
        "purchases",
        ["shop_id", "ordered_at"],
        unique=False,
        postgresql_where=sa.text("ordered_at IS NOT NULL"),
    )
    op.create_index(
        "ix_purchases_nobodys",
        "purchases",
        ["status", "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('awaiting_staff', 'unattributed', 'unmatched')"),
    )
    op.create_index(
        "ix_purchases_of_click",
        "purchases",
        ["click_id"],
        unique=False,
        postgresql_where=sa.text("click_id IS NOT NULL"),
    )
    op.create_table(
        "purchase_flags",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("flag", sa.Text(), nullable=False),
        sa.Column(
            "noted_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("reviewed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "flag IN ('before_click', 'dated_ahead', 'end_of_window', 'large_quantity', 'large_total', 'many_orders', 'too_soon')",
            name=op.f("ck_purchase_flags_flag"),
        ),
        sa.CheckConstraint(
            "(reviewed_at IS NULL) = (reviewed_by IS NULL)",
            name=op.f("ck_purchase_flags_reviewed"),
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchases.id"], name=op.f("fk_purchase_flags_purchase_id_purchases")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_flags")),
        sa.UniqueConstraint("purchase_id", "flag", name=op.f("uq_purchase_flags_purchase_id_flag")),
    )
    op.create_index(
        "ix_purchase_flags_open",
        "purchase_flags",
        ["id"],
        unique=False,
        postgresql_where=sa.text("reviewed_at IS NULL"),
    )
    op.create_table(
        "purchase_lines",
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("statement_no", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Text(collation="C"), nullable=False),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("stated_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("stated_amended", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("stated_source", sa.Text(collation="C"), nullable=True),
        sa.CheckConstraint(
            "amount BETWEEN 0 AND 100000000000000", name=op.f("ck_purchase_lines_amount")
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_purchase_lines_quantity")),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchases.id"], name=op.f("fk_purchase_lines_purchase_id_purchases")
        ),
        sa.PrimaryKeyConstraint(
            "purchase_id", "statement_no", "line_id", name=op.f("pk_purchase_lines")
        ),
    )
    op.create_table(
        "purchase_returns",
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("return_id", sa.Text(collation="C"), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("returned_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("source", sa.Text(collation="C"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reject_reason", sa.Text(), server_default="other", nullable=False),
        sa.Column(
            "recorded_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "reject_reason IN ('cancelled', 'duplicate', 'fraud', 'order_error', 'other', 'out_of_stock', 'payment_failed', 'returned_goods', 'test_order')",
            name=op.f("ck_purchase_returns_reject_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"],
            ["purchases.id"],
            name=op.f("fk_purchase_returns_purchase_id_purchases"),
        ),
        sa.PrimaryKeyConstraint("purchase_id", "return_id", name=op.f("pk_purchase_returns")),
    )
    op.create_table(
        "purchase_return_lines",
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("return_id", sa.Text(collation="C"), nullable=False),
        sa.Column("line_id", sa.Text(collation="C"), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "amount BETWEEN 0 AND 100000000000000", name=op.f("ck_purchase_return_lines_amount")
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_purchase_return_lines_quantity")),
        sa.ForeignKeyConstraint(
            ["purchase_id"],
            ["purchases.id"],
            name=op.f("fk_purchase_return_lines_purchase_id_purchases"),
        ),
        sa.PrimaryKeyConstraint(
            "purchase_id", "return_id", "line_id", name=op.f("pk_purchase_return_lines")
        ),
    )
    op.create_table(
        "welcome_bonuses",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=True),
        sa.Column("confirmed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tracked_reference", sa.Text(collation="C"), nullable=True),
        sa.Column("confirmed_reference", sa.Text(collation="C"), nullable=True),
        sa.CheckConstraint(
            "amount BETWEEN 0 AND 100000000000000", name=op.f("ck_welcome_bonuses_amount")
        ),
        sa.CheckConstraint(
            "purchase_id IS NOT NULL OR NOT confirmed", name=op.f("ck_welcome_bonuses_confirmed")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_welcome_bonuses_member_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchases.id"], name=op.f("fk_welcome_bonuses_purchase_id_purchases")
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_welcome_bonuses")),
    )
    op.execute(
        "GRANT SELECT, INSERT ON clicks, purchase_lines, purchase_returns, purchase_return_lines TO tracker_app"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON purchases, welcome_bonuses TO tracker_app")
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (reviewed_at, reviewed_by, note) ON purchase_flags TO tracker_app"
    )


def downgrade() -> None:
    op.execute("DROP TABLE welcome_bonuses, purchase_return_lines, purchase_returns")
    op.execute("DROP TABLE purchase_lines, purchase_flags, purchases, clicks")
