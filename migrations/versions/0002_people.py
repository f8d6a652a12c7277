"""Members, staff, and the audit."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _make_members()
    _make_numbers()
    op.create_table(
        "staff",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "role IN ('admin', 'approver', 'operator', 'viewer')", name=op.f("ck_staff_role")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("login", name=op.f("uq_staff_login")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_token_hash")),
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index("ix_audit_entries_subject_id", "audit_entries", ["subject", "id"])
    op.execute(
        "CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
        " ON audit_entries FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()"
    )
    # Not the moment: nobody can say that an act was done at another time.
    op.execute(
        "GRANT SELECT, INSERT (who, action, subject, reason, before, after)"
        " ON audit_entries TO tracker_app"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON members TO tracker_app")
    op.execute("GRANT USAGE ON SEQUENCE members_id_seq TO tracker_app")
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (sealed, hash, proved_at, ended_at, end_reason)"
        " ON numbers TO tracker_app"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON staff TO tracker_app")


def _make_members() -> None:
    op.create_table(
        "members",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("email_hash", sa.LargeBinary(), nullable=True),
        sa.Column("email_proved_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("joined_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("erased_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("referrer_id", sa.BigInteger(), nullable=True),
        sa.Column("referral_code", sa.Text(collation="C"), nullable=False),
        sa.Column("returned", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("auto_payment", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("language", sa.Text(), server_default="ru", nullable=False),
        sa.Column("choices", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column(
            "recorded_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("referrer_id <> id", name=op.f("ck_members_referrer")),
        sa.CheckConstraint("language IN ('en', 'ru', 'uk')", name=op.f("ck_members_language")),
        sa.CheckConstraint(
            "(email_sealed IS NULL) = (email_hash IS NULL)", name=op.f("ck_members_email")
        ),
        sa.CheckConstraint(
            "erased_at IS NULL OR closed_at IS NOT NULL", name=op.f("ck_members_erased_at")
        ),
        sa.ForeignKeyConstraint(
            ["referrer_id"], ["members.id"], name=op.f("fk_members_referrer_id_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint("referral_code", name=op.f("uq_members_referral_code")),
    )
    op.create_index(
        "ix_members_email_hash",
        "members",
        ["email_hash"],
        postgresql_where=sa.text("email_hash IS NOT NULL"),
    )
    op.create_index(
        "ix_members_referrer_id",
        "members",
        ["referrer_id", "id"],
        postgresql_where=sa.text("referrer_id IS NOT NULL"),
    )


def _make_numbers() -> None:
    op.create_table(
        "numbers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), server_default="own", nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("proved_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("role IN ('own', 'relative')", name=op.f("ck_numbers_role")),
        sa.CheckConstraint(
            "end_reason IN ('changed', 'closed', 'removed', 'taken_over')",
            name=op.f("ck_numbers_end_reason"),
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (end_reason IS NULL)", name=op.f("ck_numbers_ended")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["members.id"],
            name=op.f("fk_numbers_member_id_members"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_numbers")),
    )
    for name, columns, role in (
        ("uq_numbers_owner", ["hash"], "own"),
        ("uq_numbers_own", ["member_id"], "own"),
        ("uq_numbers_relatives", ["member_id", "hash"], "relative"),
    ):
        op.create_index(
            name,
            "numbers",
            columns,
            unique=True,
            postgresql_where=sa.text(f"role = '{role}' AND ended_at IS NULL"),
        )
    op.create_index(op.f("ix_numbers_member_id"), "numbers", ["member_id"], unique=False)
    op.create_index(op.f("ix_numbers_hash"), "numbers", ["hash"], unique=False)


def downgrade() -> None:
    op.drop_table("audit_entries")
    op.drop_table("staff")
    op.drop_table("numbers")
    op.drop_table("members")
