"""The inbox: that an event came, for good; what it said, by the month."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SEQUENCE inbox_fences")
    _make_events()
    op.create_table(
        "inbox_bodies",
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "received_at", name=op.f("pk_inbox_bodies")),
        postgresql_partition_by="RANGE (received_at)",
    )
    op.create_table(
        "inbox_bodies_kept",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["inbox_events.id"],
            name=op.f("fk_inbox_bodies_kept_event_id_inbox_events"),
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_inbox_bodies_kept")),
    )
    op.create_table(
        "inbox_conflicts",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column(
            "received_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["inbox_events.id"], name=op.f("fk_inbox_conflicts_event_id_inbox_events")
        ),
        sa.PrimaryKeyConstraint("event_id", "sha256", name=op.f("pk_inbox_conflicts")),
    )
    _make_control_totals()
    for statement in (_MAKE_PARTITION, *_GRANTS, _FIRST_PARTITIONS):
        op.execute(statement)
    _make_trials()


def _make_events() -> None:
    op.create_table(
        "inbox_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("webhook_id", sa.Text(collation="C"), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column(
            "received_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("dialect_id", sa.BigInteger(), nullable=True),
        sa.Column("shape", sa.Text(), server_default="json", nullable=False),
        sa.Column("trusted", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("handled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("notices_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("parked_reason", sa.Text(), nullable=True),
        sa.Column("parked_detail", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('discarded', 'parked')) = (parked_reason IS NOT NULL)",
            name=op.f("ck_inbox_events_parked"),
        ),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_inbox_events_sha256")),
        sa.CheckConstraint(
            "parked_reason IN ('amount_not_proven', 'currency_not_taken', 'keeps_failing', 'near_duplicate', 'return_differs', 'too_many_lines', 'too_many_returns', 'unreadable')",
            name=op.f("ck_inbox_events_parked_reason"),
        ),
        sa.CheckConstraint("shape IN ('form', 'json', 'xml')", name=op.f("ck_inbox_events_shape")),
        sa.CheckConstraint(
            "state IN ('discarded', 'done', 'parked', 'waiting')",
            name=op.f("ck_inbox_events_state"),
        ),
        sa.ForeignKeyConstraint(
            ["dialect_id"],
            ["shop_dialects.id"],
            name=op.f("fk_inbox_events_dialect_id_shop_dialects"),
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_inbox_events_shop_id_shops")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_events")),
        sa.UniqueConstraint(
            "shop_id", "webhook_id", name=op.f("uq_inbox_events_shop_id_webhook_id")
        ),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index("ix_inbox_events_received_at_id", "inbox_events", ["received_at", "id"])
    for state in ("waiting", "parked", "discarded"):
        op.create_index(
            f"ix_inbox_events_{state}",
            "inbox_events",
            ["id"],
            unique=False,
            postgresql_where=sa.text(f"state = '{state}'"),
        )


def _make_control_totals() -> None:
    op.create_table(
        "control_totals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "received_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("differs", sa.Boolean(), nullable=False),
        sa.Column("booking", sa.Integer(), nullable=False),
        sa.Column("our_count", sa.BigInteger(), nullable=False),
        sa.Column("our_sum", sa.Numeric(30, 0), nullable=False),
        sa.Column("their_count", sa.BigInteger(), nullable=False),
        sa.Column("their_sum", sa.Numeric(30, 0), nullable=False),
        sa.Column("found", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_control_totals_shop_id_shops")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_control_totals")),
        sa.UniqueConstraint("shop_id", "day", name=op.f("uq_control_totals_shop_id_day")),
    )
    op.create_index("ix_control_totals_day", "control_totals", ["day"], unique=False)
    op.create_index(
        "ix_control_totals_differing",
        "control_totals",
        ["received_at"],
        unique=False,
        postgresql_where=sa.text("differs"),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON control_totals TO tracker_app")


def _make_trials() -> None:
    op.create_table(
        "trials",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column(
            "opened_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("ends_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_trials_shop_id_shops")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trials")),
    )
    op.create_index(
        "uq_trials_open",
        "trials",
        ["shop_id"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "trial_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("trial_id", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("secret_id", sa.BigInteger(), nullable=True),
        sa.Column("webhook_id", sa.Text(collation="C"), nullable=True),
        sa.Column("moment", sa.Text(), nullable=True),
        sa.Column("request_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("dialect_id", sa.BigInteger(), nullable=True),
        sa.Column("shape", sa.Text(), nullable=True),
        sa.Column("trusted", sa.Boolean(), nullable=True),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_trial_events_sha256")),
        sa.CheckConstraint(
            "outcome IN ('accepted', 'conflict', 'duplicate', 'ended', 'headers', 'refused', 'signature', 'timestamp')",
            name=op.f("ck_trial_events_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["trial_id"], ["trials.id"], name=op.f("fk_trial_events_trial_id_trials")
        ),
        sa.ForeignKeyConstraint(
            ["secret_id"],
            ["webhook_secrets.id"],
            name=op.f("fk_trial_events_secret_id_webhook_secrets"),
        ),
        sa.ForeignKeyConstraint(
            ["dialect_id"],
            ["shop_dialects.id"],
            name=op.f("fk_trial_events_dialect_id_shop_dialects"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial_events")),
    )
    op.create_index("ix_trial_events_trial_id_id", "trial_events", ["trial_id", "id"])
    op.create_index(
        "uq_trial_events_accepted",
        "trial_events",
        ["trial_id", "webhook_id"],
        unique=True,
        postgresql_where=sa.text("outcome = 'accepted'"),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE (closed_at) ON trials TO tracker_app")
    op.execute("GRANT SELECT, INSERT ON trial_events TO tracker_app")


def downgrade() -> None:
    op.drop_table("trial_events")
    op.drop_table("trials")
    op.drop_table("control_totals")
    op.execute("DROP FUNCTION inbox_make_partition(date)")
    op.drop_table("inbox_conflicts")
    op.drop_table("inbox_bodies_kept")
    op.drop_table("inbox_bodies")
    op.drop_table("inbox_events")
    op.execute("DROP SEQUENCE inbox_fences")


# The application may make no table, and the next month has to have one. CREATE TABLE … PARTITION
# OF would lock the parent against everybody; ATTACH lets all who read and write go on.
_MAKE_PARTITION = """
    CREATE FUNCTION inbox_make_partition(month date) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        this_month CONSTANT timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
        first CONSTANT timestamp := date_trunc('month', month::timestamp);
        part CONSTANT text := 'inbox_bodies_' || to_char(first, 'YYYY_MM');
    BEGIN
        IF first IS NULL OR first < this_month - interval '1 month'
           OR first > this_month + interval '3 months' THEN
            RAISE EXCEPTION 'no partition is made for %: it is not near', month
                USING ERRCODE = 'invalid_parameter_value';
        END IF;
        PERFORM pg_advisory_xact_lock(hashtextextended('inbox_make_partition', 0));
        IF to_regclass('public.' || part) IS NOT NULL THEN
            RETURN false;
        END IF;
        EXECUTE format('CREATE TABLE public.%I (LIKE public.inbox_bodies)', part);
        EXECUTE format(
            'ALTER TABLE public.inbox_bodies ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
            part, first AT TIME ZONE 'UTC', (first + interval '1 month') AT TIME ZONE 'UTC'
        );
        RETURN true;
    END $$
"""

_FIRST_PARTITIONS = """
    SELECT inbox_make_partition((now() AT TIME ZONE 'UTC' + ahead * interval '1 month')::date)
    FROM generate_series(0, 2) AS ahead
"""

_GRANTS = (
    "REVOKE ALL ON FUNCTION inbox_make_partition(date) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION inbox_make_partition(date) TO tracker_app",
    "GRANT SELECT, INSERT, UPDATE (state, attempts, fence, lease_until, handled_at, notices_done, parked_reason, parked_detail) ON inbox_events TO tracker_app",
    "GRANT SELECT, INSERT ON inbox_bodies TO tracker_app",
    "GRANT SELECT ON inbox_bodies_kept TO tracker_app",
    "GRANT SELECT, INSERT ON inbox_conflicts TO tracker_app",
    "GRANT USAGE ON SEQUENCE inbox_fences TO tracker_app",
)
