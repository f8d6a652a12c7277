"""The inbox."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SEQUENCE inbox_fences")
    op.create_table(
        "inbox_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("webhook_id", sa.Text(collation="C"), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column(
            "received_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("handled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("parked_reason", sa.Text(), nullable=True),
        sa.Column("parked_detail", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'parked') = (parked_reason IS NOT NULL)", name=op.f("ck_inbox_events_parked")
        ),
        sa.CheckConstraint(
            "parked_reason IN ('currency_not_taken', 'keeps_failing', 'return_differs', 'unreadable')",
            name=op.f("ck_inbox_events_parked_reason"),
        ),
        sa.CheckConstraint(
            "state IN ('done', 'parked', 'waiting')", name=op.f("ck_inbox_events_state")
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_inbox_events_shop_id_shops")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_events")),
        sa.UniqueConstraint(
            "shop_id", "webhook_id", name=op.f("uq_inbox_events_shop_id_webhook_id")
        ),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_inbox_events_parked",
        "inbox_events",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'parked'"),
    )
    op.create_index(
        "ix_inbox_events_waiting",
        "inbox_events",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "inbox_conflicts",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column(
            "received_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["inbox_events.id"], name=op.f("fk_inbox_conflicts_event_id_inbox_events")
        ),
        sa.PrimaryKeyConstraint("event_id", "sha256", name=op.f("pk_inbox_conflicts")),
    )
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (state, attempts, fence, lease_until, handled_at, parked_reason, parked_detail) ON inbox_events TO tracker_app"
    )
    op.execute("GRANT SELECT, INSERT ON inbox_conflicts TO tracker_app")
    op.execute("GRANT USAGE ON SEQUENCE inbox_fences TO tracker_app")


def downgrade() -> None:
    op.drop_table("inbox_conflicts")
    op.drop_table("inbox_events")
    op.execute("DROP SEQUENCE inbox_fences")
