"""Whether numbers are the operator's own, as it said; and how much it is sent at once."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "number_checks",
        sa.Column("number_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("served", sa.Boolean(), nullable=True),
        sa.Column(
            "checked_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["number_id"], ["numbers.id"], name=op.f("fk_number_checks_number_id_numbers")
        ),
        sa.PrimaryKeyConstraint("number_id", name=op.f("pk_number_checks")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE (served, checked_at) ON number_checks TO tracker_app")
    op.create_table(
        "settlement_slots",
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("next_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("slot", name=op.f("pk_settlement_slots")),
    )
    # As many as BILLING_CONCURRENCY may be.
    op.execute("INSERT INTO settlement_slots (slot) SELECT generate_series(1, 100)")
    op.execute(
        "GRANT SELECT, UPDATE (fence, lease_until, next_at) ON settlement_slots TO tracker_app"
    )
    op.create_index(
        "ix_payouts_unclear", "payouts", ["id"], postgresql_where=sa.text("state = 'unknown'")
    )


def downgrade() -> None:
    op.drop_index("ix_payouts_unclear", "payouts")
    op.drop_table("settlement_slots")
    op.drop_table("number_checks")
