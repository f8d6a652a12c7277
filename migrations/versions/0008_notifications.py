"""The outbox of notifications."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SEQUENCE notification_fences")
    op.create_table(
        "notifications",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("payload", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        _moment("queued_at"),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        _moment("try_at"),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lost", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        *_checks(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("key", name=op.f("uq_notifications_key")),
        postgresql_with={"fillfactor": "80"},
    )
    for name, columns, where in (
        ("waiting", ["channel", "urgent", "try_at"], "state = 'waiting'"),
        ("suspect", ["channel", "urgent", "try_at"], "state = 'waiting' AND lost > 0"),
        ("sending", ["lease_until"], "state = 'sending'"),
        ("failed", ["ended_at"], "state IN ('expired', 'failed', 'unknown')"),
    ):
        op.create_index(
            f"ix_notifications_{name}", "notifications", columns, postgresql_where=sa.text(where)
        )
    op.execute(
        "GRANT SELECT, INSERT,"
        " UPDATE (channel, sealed, state, try_at, tries, lost, fence, lease_until, reference, reason, ended_at)"
        " ON notifications TO tracker_app"
    )
    op.execute("GRANT USAGE ON SEQUENCE notification_fences TO tracker_app")


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(
        name,
        sa.TIMESTAMP(timezone=True),
        server_default=sa.text("clock_timestamp()"),
        nullable=False,
    )


def _checks() -> tuple[sa.CheckConstraint, ...]:
    return (
        sa.CheckConstraint(
            "kind IN ('already_member', 'cashback_confirmed', 'cashback_rejected', 'cashback_taken_back', 'cashback_tracked', 'certificate_issued', 'claim_answered', 'email_changed', 'email_code', 'erasure_code', 'joining_code', 'new_number_code', 'number_changed', 'number_code', 'password_changed', 'payout_failed', 'payout_paid', 'relative_added', 'relative_code', 'reward_confirmed', 'reward_tracked', 'sign_in_code', 'signed_in', 'welcome')",
            name=op.f("ck_notifications_kind"),
        ),
        sa.CheckConstraint("channel IN ('email', 'sms')", name=op.f("ck_notifications_channel")),
        sa.CheckConstraint(
            "language IN ('en', 'ru', 'uk')", name=op.f("ck_notifications_language")
        ),
        sa.CheckConstraint(
            "state IN ('expired', 'failed', 'sending', 'sent', 'unknown', 'void', 'waiting')",
            name=op.f("ck_notifications_state"),
        ),
        sa.CheckConstraint(
            "(state IN ('waiting', 'sending')) = (ended_at IS NULL)",
            name=op.f("ck_notifications_ended_at"),
        ),
        sa.CheckConstraint(
            "(state = 'sending') = (lease_until IS NOT NULL)",
            name=op.f("ck_notifications_lease_until"),
        ),
        # What is sealed goes as soon as it is of no more use: it was sent, or is not to be.
        sa.CheckConstraint(
            "CASE WHEN state IN ('waiting', 'sending') THEN num_nonnulls(member_id, sealed) > 0"
            " ELSE sealed IS NULL END",
            name=op.f("ck_notifications_sealed"),
        ),
    )


def downgrade() -> None:
    op.drop_table("notifications")
    op.execute("DROP SEQUENCE notification_fences")
