"""Claims of missing cashback."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "claims",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.Text(collation="C"), nullable=False),
        sa.Column("order_key", sa.Text(collation="C"), nullable=False),
        sa.Column("ordered_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("purchase_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("filed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("deadline", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("look_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "recorded_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("state IN ('closed', 'with_staff')", name=op.f("ck_claims_state")),
        sa.CheckConstraint(
            "outcome IN ('already_tracked', 'anothers', 'credited', 'evidence_insufficient', 'excluded', 'no_click', 'not_known_to_shop', 'returned', 'withdrawn')",
            name=op.f("ck_claims_outcome"),
        ),
        sa.CheckConstraint(
            "(state = 'closed') = (outcome IS NOT NULL)", name=op.f("ck_claims_closed")
        ),
        sa.CheckConstraint("amount BETWEEN 1 AND 100000000000000", name=op.f("ck_claims_amount")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_claims_member_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchases.id"], name=op.f("fk_claims_purchase_id_purchases")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
        sa.UniqueConstraint(
            "member_id", "shop_id", "order_key", name=op.f("uq_claims_member_id_shop_id_order_key")
        ),
    )
    for name, columns in (("ix_claims_open", ["deadline", "id"]), ("ix_claims_look", ["look_at"])):
        op.create_index(name, "claims", columns, postgresql_where=sa.text("state = 'with_staff'"))
    op.create_table(
        "claim_files",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["claims.id"], name=op.f("fk_claim_files_claim_id_claims")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_files")),
    )
    op.create_index(op.f("ix_claim_files_claim_id"), "claim_files", ["claim_id"], unique=False)
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (note_sealed, state, outcome, purchase_id, decided_by,"
        " look_at, closed_at) ON claims TO tracker_app"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE (sealed) ON claim_files TO tracker_app")


def downgrade() -> None:
    op.drop_table("claim_files")
    op.drop_table("claims")
