"""Certificates, what staff void of them, and the salons that take them."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SEQUENCE certificate_fences")
    op.create_table(
        "salons",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("slug", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "recorded_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_salons")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_salons_key_hash")),
        sa.UniqueConstraint("slug", name=op.f("uq_salons_slug")),
    )
    op.create_table(
        "certificates",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("goal_id", sa.BigInteger(), nullable=True),
        sa.Column("order_key", sa.Text(collation="C"), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("from_goal", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("codes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ordered_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("issued_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("redeemed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("salon_id", sa.BigInteger(), nullable=True),
        sa.Column("receipt_id", sa.Text(collation="C"), nullable=True),
        sa.Column("voided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(state = 'redeemed') = (redeemed_at IS NOT NULL) AND (redeemed_at IS NULL) = (salon_id IS NULL) AND (redeemed_at IS NULL) = (receipt_id IS NULL)",
            name=op.f("ck_certificates_redeemed"),
        ),
        sa.CheckConstraint(
            "(state = 'voided') = (voided_at IS NOT NULL)", name=op.f("ck_certificates_voided")
        ),
        sa.CheckConstraint(
            "state IN ('issued', 'ordered', 'redeemed', 'review', 'voided')",
            name=op.f("ck_certificates_state"),
        ),
        sa.CheckConstraint("amount BETWEEN 10000 AND 8000000", name=op.f("ck_certificates_amount")),
        sa.CheckConstraint(
            "from_goal = 0 OR goal_id IS NOT NULL", name=op.f("ck_certificates_goal")
        ),
        sa.CheckConstraint(
            "from_goal BETWEEN 0 AND amount", name=op.f("ck_certificates_from_goal")
        ),
        sa.ForeignKeyConstraint(
            ["goal_id"], ["goals.id"], name=op.f("fk_certificates_goal_id_goals")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_certificates_member_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["salon_id"], ["salons.id"], name=op.f("fk_certificates_salon_id_salons")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificates")),
        sa.UniqueConstraint(
            "member_id", "order_key", "part", name=op.f("uq_certificates_member_id_order_key_part")
        ),
    )
    op.create_index(
        "ix_certificates_expires_at",
        "certificates",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'issued'"),
    )
    op.create_index("ix_certificates_member", "certificates", ["member_id", "id"], unique=False)
    op.create_index(
        "ix_certificates_salon",
        "certificates",
        ["salon_id", "id"],
        unique=False,
        postgresql_where=sa.text("salon_id IS NOT NULL"),
    )
    op.create_index(
        "ix_certificates_review",
        "certificates",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'review'"),
    )
    op.create_index(
        "ix_certificates_waiting",
        "certificates",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'ordered'"),
    )
    op.create_index(
        "uq_certificates_code_hash",
        "certificates",
        ["code_hash"],
        unique=True,
        postgresql_where=sa.text("code_hash IS NOT NULL"),
    )
    op.create_table(
        "certificate_voids",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("certificate_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column(
            "proposed_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('approved', 'proposed', 'rejected')", name=op.f("ck_certificate_voids_state")
        ),
        sa.CheckConstraint(
            "decided_by <> proposed_by", name=op.f("ck_certificate_voids_two_people")
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["certificates.id"],
            name=op.f("fk_certificate_voids_certificate_id_certificates"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_voids")),
    )
    op.create_index(
        op.f("ix_certificate_voids_certificate_id"),
        "certificate_voids",
        ["certificate_id"],
        unique=False,
    )
    op.create_index(
        "uq_certificate_voids_open",
        "certificate_voids",
        ["certificate_id"],
        unique=True,
        postgresql_where=sa.text("state = 'proposed'"),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE (name, key_hash, closed_at) ON salons TO tracker_app")
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (state, code_hash, codes, fence, lease_until, issued_at,"
        " expires_at, redeemed_at, salon_id, receipt_id, voided_at, void_reason, decided_by)"
        " ON certificates TO tracker_app"
    )
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (state, decided_by, decided_at)"
        " ON certificate_voids TO tracker_app"
    )
    op.execute("GRANT USAGE ON SEQUENCE certificate_fences TO tracker_app")


def downgrade() -> None:
    op.drop_table("certificate_voids")
    op.drop_table("certificates")
    op.drop_table("salons")
    op.execute("DROP SEQUENCE certificate_fences")
