"""Who may come in: sessions, passwords, codes, budgets, captchas, and those who join."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("device_hash", sa.LargeBinary(), nullable=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("remembered", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('app', 'browser')", name=op.f("ck_sessions_kind")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_sessions_member_id_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
    )
    op.create_index(op.f("ix_sessions_member_id"), "sessions", ["member_id"], unique=False)
    op.create_index(op.f("ix_sessions_device_hash"), "sessions", ["device_hash"], unique=False)
    op.execute("GRANT SELECT, INSERT, UPDATE ON sessions TO tracker_app")
    _make_passwords_and_codes()
    _make_budgets()
    _make_joinings()


def _make_passwords_and_codes() -> None:
    op.create_table(
        "member_passwords",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_member_passwords_member_id_members")
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_member_passwords")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE (hash, changed_at) ON member_passwords TO tracker_app")
    op.create_table(
        "one_time_codes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("flow_hash", sa.LargeBinary(), nullable=False),
        sa.Column("destination_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("asked", sa.SmallInteger(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("resend_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("used_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('email_change', 'erasure', 'joining_email', 'joining_phone',"
            " 'number_new', 'number_old', 'relative', 'sign_in', 'step_up_email')",
            name=op.f("ck_one_time_codes_purpose"),
        ),
        sa.CheckConstraint("attempts BETWEEN 0 AND 5", name=op.f("ck_one_time_codes_attempts")),
        sa.CheckConstraint(
            "(used_at IS NULL) = (code_hash IS NOT NULL)", name=op.f("ck_one_time_codes_used_at")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_codes")),
        sa.UniqueConstraint(
            "purpose", "flow_hash", name=op.f("uq_one_time_codes_purpose_flow_hash")
        ),
    )
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (destination_hash, code_hash, asked, attempts, resend_at,"
        " expires_at, used_at) ON one_time_codes TO tracker_app"
    )


def _make_budgets() -> None:
    op.create_table(
        "budget_counts",
        sa.Column("scope", sa.Text(collation="C"), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("window_start", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "subject", name=op.f("pk_budget_counts")),
        postgresql_with={"fillfactor": "70"},
    )
    op.execute("GRANT SELECT, INSERT, UPDATE (window_start, count) ON budget_counts TO tracker_app")
    op.create_table(
        "used_captchas",
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("nonce", name=op.f("pk_used_captchas")),
    )
    op.execute("GRANT SELECT, INSERT ON used_captchas TO tracker_app")


def _make_joinings() -> None:
    op.create_table(
        "joinings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("referral_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_proved_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("email_proved_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("started_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "step IN ('done', 'email', 'email_code', 'password', 'phone_code')",
            name=op.f("ck_joinings_step"),
        ),
        sa.CheckConstraint("language IN ('en', 'ru', 'uk')", name=op.f("ck_joinings_language")),
        sa.CheckConstraint(
            "step <> 'done' OR num_nonnulls(phone_sealed, email_sealed, referral_sealed) = 0",
            name=op.f("ck_joinings_done"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joinings")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_joinings_token_hash")),
    )
    op.create_index(
        "ix_joinings_to_be_wiped",
        "joinings",
        ["expires_at"],
        postgresql_where=sa.text("phone_sealed IS NOT NULL"),
    )
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (step, phone_sealed, email_sealed, referral_sealed,"
        " phone_proved_at, email_proved_at) ON joinings TO tracker_app"
    )


def downgrade() -> None:
    op.drop_table("joinings")
    op.drop_table("used_captchas")
    op.drop_table("budget_counts")
    op.drop_table("one_time_codes")
    op.drop_table("member_passwords")
    op.drop_table("sessions")
