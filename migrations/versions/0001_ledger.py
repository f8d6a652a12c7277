"""The ledger: double entry that PostgreSQL holds."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger_transactions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reference", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("effective_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "recorded_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("corrects", sa.Text(collation="C"), nullable=True),
        sa.Column(
            "written_by",
            sa.BigInteger(),
            server_default=sa.text("((pg_current_xact_id())::text)::bigint"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "kind IN ('bonus_clawed_back', 'bonus_confirmed', 'bonus_rejected', 'bonus_tracked', 'clawed_back', 'confirmed', 'payout_failed', 'payout_paid', 'payout_submitted', 'rejected', 'reward_clawed_back', 'reward_confirmed', 'reward_rejected', 'reward_tracked', 'tracked')",
            name=op.f("ck_ledger_transactions_kind"),
        ),
        sa.CheckConstraint(
            "isfinite(effective_at)", name=op.f("ck_ledger_transactions_effective_at")
        ),
        sa.ForeignKeyConstraint(
            ["corrects"],
            ["ledger_transactions.reference"],
            name=op.f("fk_ledger_transactions_corrects_ledger_transactions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transactions")),
        sa.UniqueConstraint("reference", name=op.f("uq_ledger_transactions_reference")),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("leg", sa.Integer(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "owner_id >= 0 AND (owner_id <> 0) = (account IN ('member_available', 'member_in_flight', 'member_pending', 'shop_pending_commission', 'shop_receivable'))",
            name=op.f("ck_ledger_entries_owner"),
        ),
        sa.CheckConstraint(
            "account IN ('margin', 'marketing_expense', 'member_available', 'member_in_flight', 'member_pending', 'owed_to_operator', 'pending_margin', 'shop_pending_commission', 'shop_receivable')",
            name=op.f("ck_ledger_entries_account"),
        ),
        sa.CheckConstraint(
            "amount <> 0 AND amount BETWEEN -100000000000000 AND 100000000000000",
            name=op.f("ck_ledger_entries_amount"),
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["ledger_transactions.id"],
            name=op.f("fk_ledger_entries_transaction_id_ledger_transactions"),
        ),
        sa.PrimaryKeyConstraint("transaction_id", "leg", name=op.f("pk_ledger_entries")),
    )
    op.create_index(
        op.f("ix_ledger_entries_account_owner_id_transaction_id"),
        "ledger_entries",
        ["account", "owner_id", "transaction_id"],
        unique=False,
    )
    op.create_table(
        "member_balances",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("pending", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("available", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("in_flight", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("in_flight >= 0", name=op.f("ck_member_balances_in_flight")),
        sa.CheckConstraint("pending >= 0", name=op.f("ck_member_balances_pending")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_member_balances")),
    )
    for statement in (*_ROLE, *_FUNCTIONS, *_TRIGGERS, *_GRANTS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP FUNCTION ledger_lock_members(bigint[])")
    op.drop_table("member_balances")
    op.drop_table("ledger_entries")
    op.drop_table("ledger_transactions")
    for signature in (
        "ledger_refuse_change()",
        "ledger_transaction_has_entries()",
        "ledger_entries_balance()",
        "ledger_keep_balances()",
    ):
        op.execute(f"DROP FUNCTION {signature}")


# A managed database may not let us make roles: then somebody with the right makes this one first.
# It cannot log in by itself; whoever logs in as the application is made its member.
_ROLE = (
    """
    DO $$
    BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tracker_app') THEN
            CREATE ROLE tracker_app NOLOGIN;
            EXECUTE format('GRANT tracker_app TO %I', current_user);
        END IF;
    END $$
    """,
    "GRANT USAGE ON SCHEMA public TO tracker_app",
)

_FUNCTIONS = (
    # What is written stays written, for the owner of the tables as well.
    """
    CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% on %: ledger entries are never changed; post a correction',
            TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    # At COMMIT every transaction has entries: what they sum to was looked at as they were written.
    # By the index, whatever was planned while the table was empty: a session keeps its first plan,
    # and reading the whole table for each posting took longer than booking it.
    """
    CREATE FUNCTION ledger_transaction_has_entries() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
    BEGIN
        IF NOT EXISTS (SELECT FROM public.ledger_entries WHERE transaction_id = NEW.id) THEN
            RAISE EXCEPTION 'ledger transaction % has no entries', NEW.reference
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transaction_has_entries';
        END IF;
        RETURN NULL;
    END $$
    """,
    # All legs of a transaction come in one statement, which leaves it balanced or fails. So there
    # is no moment, not even inside a database transaction, at which the books do not balance; and
    # a thousand postings are looked at by one query instead of three thousand.
    """
    CREATE FUNCTION ledger_entries_balance() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        unsound record;
    BEGIN
        SELECT legs.transaction_id, legs.count, legs.total INTO unsound
        FROM (
            SELECT fresh.transaction_id, count(*) AS count, sum(fresh.amount) AS total
            FROM fresh GROUP BY fresh.transaction_id
        ) AS legs
        LEFT JOIN public.ledger_transactions AS written ON written.id = legs.transaction_id
        WHERE legs.count < 2 OR legs.total <> 0
           OR written.written_by IS DISTINCT FROM pg_current_xact_id()::text::bigint
           OR written.recorded_at <> now() -- numbers start anew after a restore, time does not
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'ledger transaction % has % legs here and is off by % kopecks, '
                'or was written before', unsound.transaction_id, unsound.count, unsound.total
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entries_balance';
        END IF;
        RETURN NULL;
    END $$
    """,
    # Members' balances follow the entries in the same statement. Rows are locked in the order of
    # their ids, so that two statements cannot wait for each other.
    """
    CREATE FUNCTION ledger_keep_balances() RETURNS trigger LANGUAGE plpgsql
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
            in_flight = balances.in_flight + moved.in_flight
        FROM (
            SELECT owner_id,
                   coalesce(-sum(amount) FILTER (WHERE account = 'member_pending'), 0) AS pending,
                   coalesce(-sum(amount) FILTER (WHERE account = 'member_available'), 0) AS available,
                   coalesce(-sum(amount) FILTER (WHERE account = 'member_in_flight'), 0) AS in_flight
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
          AND written.kind NOT IN ('clawed_back', 'bonus_clawed_back', 'reward_clawed_back')
        LIMIT 1;
        IF broke IS NOT NULL THEN
            RAISE EXCEPTION 'member % has less available than this takes', broke
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_member_balances_available';
        END IF;
        RETURN NULL;
    END $$
    """,
    # The application has no right to change balances and so none to lock them; this is how it does.
    """
    CREATE FUNCTION ledger_lock_members(ids bigint[]) RETURNS SETOF member_balances
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        INSERT INTO public.member_balances (member_id)
        SELECT wanted.id FROM unnest(ids) AS wanted (id)
        WHERE NOT EXISTS (SELECT FROM public.member_balances WHERE member_id = wanted.id)
        ORDER BY wanted.id
        ON CONFLICT DO NOTHING;

        RETURN QUERY
        SELECT * FROM public.member_balances
        WHERE member_id = ANY (ids) ORDER BY member_id FOR UPDATE;
    END $$
    """,
)

_TRIGGERS = (
    *(
        f"""
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()
        """
        for table in ("ledger_transactions", "ledger_entries")
    ),
    """
    CREATE CONSTRAINT TRIGGER ledger_transactions_have_entries AFTER INSERT ON ledger_transactions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_transaction_has_entries()
    """,
    """
    CREATE TRIGGER ledger_entries_balance AFTER INSERT ON ledger_entries
    REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_entries_balance()
    """,
    """
    CREATE TRIGGER ledger_entries_keep_balances AFTER INSERT ON ledger_entries
    REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep_balances()
    """,
)

# Not the moment it was recorded, and not who wrote it: those are the database's own word.
_GRANTS = (
    "GRANT SELECT, INSERT (id, reference, kind, effective_at, corrects)"
    " ON ledger_transactions TO tracker_app",
    "GRANT SELECT, INSERT ON ledger_entries TO tracker_app",
    "GRANT SELECT ON member_balances TO tracker_app",
    "GRANT USAGE ON SEQUENCE ledger_transactions_id_seq TO tracker_app",
    # Whoever may execute a trigger's function may hang it on a table of their own, and this one
    # moves balances with the rights of its owner.
    "REVOKE ALL ON FUNCTION ledger_refuse_change(), ledger_transaction_has_entries(),"
    " ledger_entries_balance(), ledger_keep_balances(), ledger_lock_members(bigint[]) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION ledger_lock_members(bigint[]) TO tracker_app",
)
