"""From which business date on a payment that was sent back has met no invoice."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payment_allocations", sa.Column("undone_on", sa.Date(), nullable=True))
    op.execute("""
        UPDATE payment_allocations
        SET undone_on = (reversed_at AT TIME ZONE 'Europe/Moscow')::date
        FROM shop_payments
        WHERE shop_payments.id = payment_id AND undone_by = reversed_by AND undone_at >= reversed_at
    """)
    op.create_check_constraint(
        op.f("ck_payment_allocations_undone_on"),
        "payment_allocations",
        "undone_on IS NULL OR undone_at IS NOT NULL",
    )
    op.execute("GRANT UPDATE (undone_on) ON payment_allocations TO tracker_app")


def downgrade() -> None:
    op.drop_column("payment_allocations", "undone_on")
