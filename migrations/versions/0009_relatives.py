"""Relatives whose numbers members pay to."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "relatives",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("number_id", sa.BigInteger(), nullable=False),
        sa.Column("label_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("fixed", sa.BigInteger(), nullable=True),
        sa.Column("share_bp", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(fixed IS NULL) <> (share_bp IS NULL)", name=op.f("ck_relatives_either")
        ),
        sa.CheckConstraint("fixed BETWEEN 1 AND 100000000000000", name=op.f("ck_relatives_fixed")),
        sa.CheckConstraint("share_bp BETWEEN 1 AND 10000", name=op.f("ck_relatives_share_bp")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_relatives_member_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["number_id"], ["numbers.id"], name=op.f("fk_relatives_number_id_numbers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relatives")),
        sa.UniqueConstraint("number_id", name=op.f("uq_relatives_number_id")),
    )
    op.create_index(
        op.f("ix_relatives_member_id_place"), "relatives", ["member_id", "place"], unique=False
    )
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (label_sealed, place, fixed, share_bp)"
        " ON relatives TO tracker_app"
    )


def downgrade() -> None:
    op.drop_table("relatives")
