"""Referral rewards."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "referral_rewards",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("friend_id", sa.BigInteger(), nullable=False),
        sa.Column("inviter_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="none", nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=True),
        sa.Column("carried_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("suspicions", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tracked_reference", sa.Text(collation="C"), nullable=True),
        sa.Column("confirmed_reference", sa.Text(collation="C"), nullable=True),
        sa.CheckConstraint(
            "amount BETWEEN 0 AND 100000000000000", name=op.f("ck_referral_rewards_amount")
        ),
        sa.CheckConstraint("friend_id <> inviter_id", name=op.f("ck_referral_rewards_friend")),
        sa.CheckConstraint(
            "state IN ('confirmed', 'none', 'over_ceiling', 'pending', 'rejected', 'review')",
            name=op.f("ck_referral_rewards_state"),
        ),
        sa.CheckConstraint(
            "decision IN ('approve', 'refuse')", name=op.f("ck_referral_rewards_decision")
        ),
        sa.CheckConstraint(
            "state IN ('none', 'rejected') OR (purchase_id IS NOT NULL AND carried_at IS NOT NULL)",
            name=op.f("ck_referral_rewards_carrier"),
        ),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["members.id"], name=op.f("fk_referral_rewards_friend_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["inviter_id"], ["members.id"], name=op.f("fk_referral_rewards_inviter_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"],
            ["purchases.id"],
            name=op.f("fk_referral_rewards_purchase_id_purchases"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_rewards")),
        sa.UniqueConstraint("friend_id", name=op.f("uq_referral_rewards_friend_id")),
    )
    for name, columns, where in (
        ("placed", ["inviter_id"], "state IN ('confirmed', 'pending', 'review')"),
        ("waiting", ["inviter_id", "carried_at", "friend_id"], "state = 'over_ceiling'"),
        ("promised", ["inviter_id", "carried_at", "id"], "tracked_reference IS NOT NULL"),
        ("review", ["id"], "state = 'review'"),
    ):
        op.create_index(
            f"ix_referral_rewards_{name}",
            "referral_rewards",
            columns,
            postgresql_where=sa.text(where),
        )
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (state, purchase_id, carried_at, suspicions, decision,"
        " changed_at, revision, tracked_reference, confirmed_reference)"
        " ON referral_rewards TO tracker_app"
    )


def downgrade() -> None:
    op.drop_table("referral_rewards")
