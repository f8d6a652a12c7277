"""By what something was proposed, and since when its proposer has had to come in anew; secrets in two halves."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("proposals", sa.Column("token_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_proposals_token_id_staff_tokens"),
        "proposals",
        "staff_tokens",
        ["token_id"],
        ["id"],
    )
    op.execute("GRANT INSERT (token_id) ON proposals TO tracker_app")
    op.add_column("staff", sa.Column("shut_out_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("GRANT UPDATE (shut_out_at) ON staff TO tracker_app")
    op.add_column(
        "staff_credentials", sa.Column("other_half_hash", sa.LargeBinary(), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("staff_credentials", "other_half_hash")
    op.drop_column("staff", "shut_out_at")
    op.drop_column("proposals", "token_id")
