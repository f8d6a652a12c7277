"""The books of a month: the period that a posting falls into, closing it; money that staff move."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _say_what_there_is((*_KINDS, *_NEW_KINDS), (*_ACCOUNTS, *_NEW_ACCOUNTS))
    op.create_table(
        "closed_periods",
        sa.Column("period", sa.Text(collation="C"), nullable=False),
        sa.Column(
            "closed_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f("ck_closed_periods_period")
        ),
        sa.CheckConstraint("approved_by <> proposed_by", name=op.f("ck_closed_periods_two_people")),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_closed_periods")),
    )
    op.add_column("ledger_transactions", sa.Column("period", sa.Text(collation="C")))
    # What was written before there were periods fell into the month in which it counts.
    op.execute("ALTER TABLE ledger_transactions DISABLE TRIGGER ledger_transactions_append_only")
    op.execute(f"UPDATE ledger_transactions SET period = {_MONTH.format('effective_at')}")
    op.execute("ALTER TABLE ledger_transactions ENABLE TRIGGER ledger_transactions_append_only")
    op.alter_column("ledger_transactions", "period", nullable=False)
    for column in ("period", "effective_at", "recorded_at"):
        op.create_index(
            f"ix_ledger_transactions_{column}",
            "ledger_transactions",
            [column],
            postgresql_using="brin",
            postgresql_with={"autosummarize": "on"},
        )
    for statement in (*_FUNCTIONS, *_TRIGGERS, *_GRANTS):
        op.execute(statement)
    op.execute(_KEEP_BALANCES.format(may_owe=_MAY_OWE + ", 'adjustment_debit'"))


def downgrade() -> None:
    op.execute(_KEEP_BALANCES.format(may_owe=_MAY_OWE))
    for name in ("ledger_open_period", "ledger_fill_period", "ledger_period_is_open"):
        op.execute(f"DROP TRIGGER {name} ON ledger_transactions")
    for column in ("period", "effective_at", "recorded_at"):
        op.drop_index(f"ix_ledger_transactions_{column}")
    op.drop_column("ledger_transactions", "period")
    op.drop_table("closed_periods")
    for name in (
        "ledger_open_period",
        "ledger_fill_period",
        "ledger_period_is_open",
        "ledger_next_closed_period",
    ):
        op.execute(f"DROP FUNCTION {name}()")
    _say_what_there_is(_KINDS, _ACCOUNTS)


def _say_what_there_is(kinds: tuple[str, ...], accounts: tuple[str, ...]) -> None:
    """The words that may stand in the ledger. Reads both tables once."""
    for table, column, words in (
        ("ledger_transactions", "kind", kinds),
        ("ledger_entries", "account", accounts),
    ):
        name = f"ck_{table}_{column}"
        op.execute(
            f"ALTER TABLE {table} DROP CONSTRAINT {name},"
            f" ADD CONSTRAINT {name} CHECK ({column} IN ({_listed(words)}))"
        )


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))


_KINDS = (
    "bonus_clawed_back",
    "bonus_confirmed",
    "bonus_rejected",
    "bonus_tracked",
    "certificate_ordered",
    "certificate_redeemed",
    "certificate_voided",
    "clawed_back",
    "confirmed",
    "goal_released",
    "goal_reserved",
    "payout_failed",
    "payout_paid",
    "payout_submitted",
    "rejected",
    "reward_clawed_back",
    "reward_confirmed",
    "reward_rejected",
    "reward_tracked",
    "tracked",
)
_NEW_KINDS = (
    "adjustment_credit",
    "adjustment_debit",
    "adjustment_goodwill",
    "adjustment_write_off",
    "receivable_written_off",
    "shop_paid",
    "shop_payment_reversed",
)
_ACCOUNTS = (
    "certificates_outstanding",
    "margin",
    "marketing_expense",
    "member_available",
    "member_in_flight",
    "member_pending",
    "member_reserved",
    "owed_to_operator",
    "owed_to_salons",
    "pending_margin",
    "shop_pending_commission",
    "shop_receivable",
)
_NEW_ACCOUNTS = ("adjustments", "bank", "goodwill_expense", "write_offs")
_MAY_OWE = "'clawed_back', 'bonus_clawed_back', 'reward_clawed_back'"
"""The kinds that may leave a member with a debt."""


_MONTH = "to_char({} AT TIME ZONE 'Europe/Moscow', 'YYYY-MM')"
"""The month in which a moment counts: business dates are Moscow's."""

_FUNCTIONS = (
    # Before a statement's first row: nobody can close a month while it runs (the lock is let go at
    # COMMIT), and the rows learn which month is open without asking each for itself.
    """
    CREATE FUNCTION ledger_open_period() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            RAISE EXCEPTION 'postings read what others have committed: not in %',
                current_setting('transaction_isolation') USING ERRCODE = 'invalid_transaction_state';
        END IF;
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('ledger periods', 0));
        PERFORM set_config('tracker.open_period',
            coalesce((SELECT to_char((max(period) || '-01')::date + interval '1 month', 'YYYY-MM')
                      FROM public.closed_periods), ''), true);
        RETURN NULL;
    END $$
    """,
    # What counts in a closed month falls into the first that is open, and keeps its own moment.
    f"""
    CREATE FUNCTION ledger_fill_period() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        due text COLLATE "C" := greatest({_MONTH.format("NEW.effective_at")} COLLATE "C",
                                         current_setting('tracker.open_period') COLLATE "C");
    BEGIN
        IF NEW.period IS NOT NULL AND NEW.period <> due THEN
            RAISE EXCEPTION '% cannot be written into %: it falls into %; what is closed stays '
                'closed', NEW.reference, NEW.period, due
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_period_open';
        END IF;
        NEW.period := due;
        RETURN NEW;
    END $$
    """,
    # A row's default may say anything to the session between two rows; the table itself has the
    # last word on what was written.
    """
    CREATE FUNCTION ledger_period_is_open() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF (SELECT min(period) FROM fresh) <= (SELECT max(period) FROM public.closed_periods) THEN
            RAISE EXCEPTION 'this falls into a closed month'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_period_open';
        END IF;
        RETURN NULL;
    END $$
    """,
    # Months are closed one after the other, and only when nobody is in the middle of a posting.
    """
    CREATE FUNCTION ledger_next_closed_period() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        due text COLLATE "C";
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('ledger periods', 0));
        SELECT coalesce(
            (SELECT to_char((max(period) || '-01')::date + interval '1 month', 'YYYY-MM')
             FROM public.closed_periods),
            (SELECT min(period) FROM public.ledger_transactions)) INTO due;
        IF due IS NULL OR NEW.period <> due THEN
            RAISE EXCEPTION '% cannot be closed: % is next', NEW.period, coalesce(due, 'none')
                USING ERRCODE = 'check_violation', CONSTRAINT = 'closed_periods_in_order';
        END IF;
        NEW.closed_at := clock_timestamp();
        RETURN NEW;
    END $$
    """,
)

_TRIGGERS = (
    """
    CREATE TRIGGER ledger_open_period BEFORE INSERT ON ledger_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_open_period()
    """,
    """
    CREATE TRIGGER ledger_fill_period BEFORE INSERT ON ledger_transactions
    FOR EACH ROW EXECUTE FUNCTION ledger_fill_period()
    """,
    """
    CREATE TRIGGER ledger_period_is_open AFTER INSERT ON ledger_transactions
    REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_period_is_open()
    """,
    """
    CREATE TRIGGER closed_periods_in_order BEFORE INSERT ON closed_periods
    FOR EACH ROW EXECUTE FUNCTION ledger_next_closed_period()
    """,
    """
    CREATE TRIGGER closed_periods_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON closed_periods FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()
    """,
)

_GRANTS = (
    "GRANT INSERT (period) ON ledger_transactions TO tracker_app",
    "GRANT SELECT, INSERT (period, proposed_by, approved_by) ON closed_periods TO tracker_app",
    "REVOKE ALL ON FUNCTION ledger_open_period(), ledger_fill_period(), ledger_period_is_open(),"
    " ledger_next_closed_period() FROM PUBLIC",
)

# As 0015 made it, but for the kinds that may leave a debt.
_KEEP_BALANCES = """
    CREATE OR REPLACE FUNCTION ledger_keep_balances() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        broke bigint;
    BEGIN
        PERFORM public.ledger_lock_members(
            ARRAY(SELECT DISTINCT owner_id FROM fresh WHERE starts_with(account, 'member_'))
        );

        UPDATE public.member_balances AS balances
        SET pending = balances.pending + moved.pending,
            available = balances.available + moved.available,
            in_flight = balances.in_flight + moved.in_flight,
            reserved = balances.reserved + moved.reserved
        FROM (
            SELECT owner_id,
                   coalesce(-sum(amount) FILTER (WHERE account = 'member_pending'), 0) AS pending,
                   coalesce(-sum(amount) FILTER (WHERE account = 'member_available'), 0) AS available,
                   coalesce(-sum(amount) FILTER (WHERE account = 'member_in_flight'), 0) AS in_flight,
                   coalesce(-sum(amount) FILTER (WHERE account = 'member_reserved'), 0) AS reserved
            FROM fresh WHERE starts_with(account, 'member_') GROUP BY owner_id
        ) AS moved
        WHERE balances.member_id = moved.owner_id;

        -- Below zero by a clawback alone: a debt, never an overdraft. What comes in by the same
        -- statement pays off the debt, it does not leave room for taking.
        SELECT balances.member_id INTO broke
        FROM fresh
        JOIN public.ledger_transactions AS written ON written.id = fresh.transaction_id
        JOIN public.member_balances AS balances ON balances.member_id = fresh.owner_id
        WHERE balances.available < 0
          AND fresh.account = 'member_available' AND fresh.amount > 0
          AND written.kind NOT IN ({may_owe})
        LIMIT 1;
        IF broke IS NOT NULL THEN
            RAISE EXCEPTION 'member % has less available than this takes', broke
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_member_balances_available';
        END IF;
        RETURN NULL;
    END $$
"""
