"""Who of the staff credited a purchase by their word alone, and when.

What was credited before this counts for no limit: the day begins anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("purchases", sa.Column("attributed_by", sa.Text(), nullable=True))
    op.add_column(
        "purchases", sa.Column("attributed_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_check_constraint(
        op.f("ck_purchases_attributed"),
        "purchases",
        "(attributed_by IS NULL) = (attributed_at IS NULL)",
    )
    op.create_index(
        "ix_purchases_by_hand",
        "purchases",
        ["attributed_at"],
        postgresql_where=sa.text("attributed_by IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_purchases_by_hand", table_name="purchases")
    op.drop_column("purchases", "attributed_at")
    op.drop_column("purchases", "attributed_by")
