"""Days of the ledger summed up for good, and files of reports for whoever asked for them."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger_rolled_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "rolled_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_ledger_rolled_days")),
    )
    op.create_table(
        "ledger_rollups",
        sa.Column("recorded_day", sa.Date(), nullable=False),
        sa.Column("effective_day", sa.Date(), nullable=False),
        sa.Column("period", sa.Text(collation="C"), nullable=False),
        sa.Column("account", sa.Text(collation="C"), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "recorded_day",
            "effective_day",
            "period",
            "account",
            "shop_id",
            "kind",
            name=op.f("pk_ledger_rollups"),
        ),
    )
    op.create_index(
        "ix_ledger_rollups_of_no_shop",
        "ledger_rollups",
        ["account", "effective_day"],
        postgresql_where=sa.text("shop_id = 0"),
    )
    op.create_index(
        "ix_ledger_transactions_taking",
        "ledger_transactions",
        ["id"],
        postgresql_where=sa.text(f"kind IN ({_TAKING})"),
    )
    op.execute(sa.schema.CreateSequence(sa.Sequence("report_export_fences")))
    _exports()
    for statement in (*_FUNCTIONS, *_TRIGGERS, *_GRANTS):
        op.execute(statement)
    op.execute(_HAS_ENTRIES.format(late=_TOO_LATE))


def downgrade() -> None:
    op.execute(_HAS_ENTRIES.format(late=""))
    op.execute("DROP TRIGGER ledger_day_is_open ON ledger_transactions")
    op.drop_index("ix_ledger_transactions_taking", "ledger_transactions")
    for table in ("report_export_pieces", "report_exports", "ledger_rollups", "ledger_rolled_days"):
        op.drop_table(table)
    op.execute("DROP SEQUENCE report_export_fences")
    for name in ("ledger_day_is_open", "ledger_roll_up", "report_exports_forget"):
        op.execute(f"DROP FUNCTION {name}()")


def _exports() -> None:
    instant = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "report_exports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(collation="C"), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("asked", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", instant, nullable=True),
        sa.Column("seen_at", instant, nullable=True),
        sa.Column("lines", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("requested_at", instant, server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", instant, nullable=True),
        sa.Column("expires_at", instant, nullable=True),
        sa.CheckConstraint(
            "state IN ('done', 'expired', 'failed', 'running', 'waiting')",
            name=op.f("ck_report_exports_state"),
        ),
        sa.CheckConstraint(
            "format IN ('csv', 'json', 'xlsx')", name=op.f("ck_report_exports_format")
        ),
        sa.CheckConstraint(
            "state <> 'done' OR (sha256 IS NOT NULL AND expires_at IS NOT NULL)",
            name=op.f("ck_report_exports_done"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_exports")),
    )
    # Whoever asks for the same again while it is being written is shown the same.
    op.create_index(
        "uq_report_exports_open",
        "report_exports",
        ["owner", "report", "format", "asked"],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_index("ix_report_exports_owner_id", "report_exports", ["owner", "id"])
    op.create_table(
        "report_export_pieces",
        sa.Column("export_id", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["export_id"],
            ["report_exports.id"],
            name=op.f("fk_report_export_pieces_export_id_report_exports"),
        ),
        sa.PrimaryKeyConstraint(
            "export_id", "fence", "place", name=op.f("pk_report_export_pieces")
        ),
    )
    # As it is: to compress a file took longer than to write it, and it is gone in a few days.
    op.execute("ALTER TABLE report_export_pieces ALTER COLUMN body SET STORAGE EXTERNAL")


_TAKING = "'adjustment_debit', 'bonus_clawed_back', 'clawed_back', 'reward_clawed_back'"
"""The kinds that may leave a member with a debt: who has none of these owes nothing."""

_SHOPS = "'shop_pending_commission', 'shop_receivable'"
_OF_SHOPS = f"{_SHOPS}, 'margin', 'pending_margin'"
"""Accounts that are summed up by shop: commission, and what of it is not the members'."""

_FUNCTIONS = (
    # The next day that is over for so long that nobody can be in the middle of writing into it: a
    # posting is refused at COMMIT an hour after it began. Days come in order, none is left out, and
    # the first takes all there was before.
    f"""
    CREATE FUNCTION ledger_roll_up() RETURNS date LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        due date;
        begins timestamptz;
        ends timestamptz;
    BEGIN
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            RAISE EXCEPTION 'days are summed up by who sees what others have committed'
                USING ERRCODE = 'invalid_transaction_state';
        END IF;
        PERFORM pg_advisory_xact_lock(hashtextextended('ledger rollups', 0));
        SELECT max(day) + 1 INTO due FROM public.ledger_rolled_days;
        begins := due::timestamp AT TIME ZONE 'Europe/Moscow';
        IF due IS NULL THEN
            SELECT (recorded_at AT TIME ZONE 'Europe/Moscow')::date INTO due
            FROM public.ledger_transactions ORDER BY id LIMIT 1;
            begins := '-infinity';
        END IF;
        ends := (due + 1)::timestamp AT TIME ZONE 'Europe/Moscow';
        IF due IS NULL OR clock_timestamp() < ends + interval '2 hours' THEN
            RETURN NULL;
        END IF;
        WITH told AS (
            SELECT moved.recorded_at, moved.effective_at, moved.period, moved.kind,
                   legs.account, legs.amount,
                   coalesce(max(legs.owner_id) FILTER (WHERE legs.account IN ({_SHOPS}))
                            OVER (PARTITION BY moved.id), 0) AS shop_id
            FROM public.ledger_transactions AS moved
            JOIN public.ledger_entries AS legs ON legs.transaction_id = moved.id
            WHERE moved.recorded_at >= begins AND moved.recorded_at < ends
        ), written AS (
            INSERT INTO public.ledger_rollups
                (recorded_day, effective_day, period, account, shop_id, kind, amount, entries)
            SELECT (recorded_at AT TIME ZONE 'Europe/Moscow')::date,
                   (effective_at AT TIME ZONE 'Europe/Moscow')::date, period, account,
                   CASE WHEN account IN ({_OF_SHOPS}) THEN shop_id ELSE 0 END, kind,
                   sum(amount), count(*)
            FROM told GROUP BY 1, 2, 3, 4, 5, 6
            RETURNING ledger_rollups.entries
        )
        INSERT INTO public.ledger_rolled_days (day, entries)
        SELECT due, coalesce(sum(written.entries), 0) FROM written;
        RETURN due;
    END $$
    """,
    # Should the database's clock ever go back by hours: rather nothing is posted than into a day
    # that was summed up.
    """
    CREATE FUNCTION ledger_day_is_open() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF (now() AT TIME ZONE 'Europe/Moscow')::date
            <= (SELECT max(day) FROM public.ledger_rolled_days) THEN
            RAISE EXCEPTION 'the clock says %, and that day was summed up', now()
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_day_open';
        END IF;
        RETURN NULL;
    END $$
    """,
    # The application may delete nothing: this takes away what nobody can fetch any more.
    """
    CREATE FUNCTION report_exports_forget() RETURNS bigint LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        gone bigint;
    BEGIN
        UPDATE public.report_exports SET state = 'expired'
        WHERE state = 'done' AND expires_at <= clock_timestamp();
        DELETE FROM public.report_export_pieces AS pieces
        USING public.report_exports AS exports
        WHERE exports.id = pieces.export_id
          AND (exports.state IN ('expired', 'failed') OR pieces.fence < exports.fence);
        GET DIAGNOSTICS gone = ROW_COUNT;
        RETURN gone;
    END $$
    """,
)

_TRIGGERS = (
    """
    CREATE TRIGGER ledger_day_is_open AFTER INSERT ON ledger_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_day_is_open()
    """,
    *(
        f"""
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()
        """
        for table in ("ledger_rollups", "ledger_rolled_days")
    ),
)

_GRANTS = (
    "REVOKE ALL ON FUNCTION ledger_roll_up(), ledger_day_is_open(), report_exports_forget()"
    " FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION ledger_roll_up(), report_exports_forget() TO tracker_app",
    "GRANT SELECT ON ledger_rollups, ledger_rolled_days TO tracker_app",
    "GRANT SELECT, INSERT ON report_exports, report_export_pieces TO tracker_app",
    "GRANT UPDATE (state, tries, fence, lease_until, seen_at, lines, bytes, sha256, reason,"
    " finished_at, expires_at) ON report_exports TO tracker_app",
    "GRANT USAGE ON SEQUENCE report_export_fences TO tracker_app",
)

_TOO_LATE = """
        IF NEW.recorded_at < clock_timestamp() - interval '1 hour' THEN
            RAISE EXCEPTION 'ledger transaction % was begun more than an hour ago', NEW.reference
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transaction_in_time';
        END IF;
"""

# As 0001 made it, and what took too long is refused: whoever sums up a day need not wait for it.
_HAS_ENTRIES = """
    CREATE OR REPLACE FUNCTION ledger_transaction_has_entries() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
    BEGIN
        IF NOT EXISTS (SELECT FROM public.ledger_entries WHERE transaction_id = NEW.id) THEN
            RAISE EXCEPTION 'ledger transaction % has no entries', NEW.reference
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transaction_has_entries';
        END IF;{late}
        RETURN NULL;
    END $$
"""
