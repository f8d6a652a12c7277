"""Tricks of somebody who knows PostgreSQL well and holds the application's connection."""

import pytest
from psycopg import errors

from tests.tracker.ledger.raw_books import (
    EARNED,
    PAID_OUT,
    Raw,
    add_legs,
    available,
    open_transaction,
    write,
)


@pytest.fixture
def may_make_temporary_tables(owner: Raw) -> None:
    """What PostgreSQL lets everybody do unless it is told otherwise, as our own servers are."""
    owner.execute(f"GRANT TEMPORARY ON DATABASE {owner.info.dbname} TO tracker_app".encode())
    owner.commit()


def test_legs_are_not_smuggled_in_one_by_one(app: Raw) -> None:
    transaction = open_transaction(app, "grows")
    app.execute("SET CONSTRAINTS ALL DEFERRED")
    with pytest.raises(errors.CheckViolation, match="is off by"):
        add_legs(app, transaction, EARNED[0])


def test_legs_added_to_a_sound_transaction_must_be_sound_too(app: Raw) -> None:
    transaction = open_transaction(app, "grows")
    add_legs(app, transaction, *EARNED)
    app.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(errors.CheckViolation, match="is off by"):
        add_legs(app, transaction, ("member_available", 1, -5_000), first=2)


def test_legs_taken_back_after_an_early_check_are_missed(app: Raw) -> None:
    transaction = open_transaction(app, "shrinks")
    app.execute("SAVEPOINT before_the_legs")
    add_legs(app, transaction, *EARNED)
    app.execute("SET CONSTRAINTS ALL IMMEDIATE")
    app.execute("ROLLBACK TO SAVEPOINT before_the_legs")
    with pytest.raises(errors.CheckViolation, match="has no entries"):
        app.commit()


def test_a_balance_moved_and_taken_back_is_where_it_was(app: Raw) -> None:
    app.execute("SAVEPOINT before")
    add_legs(app, open_transaction(app, "regretted"), *EARNED)
    app.execute("ROLLBACK TO SAVEPOINT before")
    app.commit()
    assert available(app) == 0


def test_one_statement_for_head_and_legs_is_held_to_the_same(app: Raw) -> None:
    with pytest.raises(errors.CheckViolation, match="less available"):
        app.execute("""
            WITH head AS (
                INSERT INTO ledger_transactions (reference, kind, effective_at)
                VALUES ('at once', 'payout_submitted', now()) RETURNING id
            )
            INSERT INTO ledger_entries
            SELECT id, leg, account, owner_id, amount FROM head, (VALUES
                (0, 'member_available', 1, 10000), (1, 'owed_to_operator', 0, -10000)
            ) AS legs (leg, account, owner_id, amount)
        """)


@pytest.mark.usefixtures("may_make_temporary_tables")
def test_tables_of_ones_own_do_not_stand_in_for_the_books(app: Raw) -> None:
    transaction = open_transaction(app, "crooked")
    for table in ("ledger_transactions", "ledger_entries", "member_balances"):
        app.execute(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table})".encode())
    app.execute("SET search_path = pg_temp, public, pg_catalog")
    app.execute(
        "INSERT INTO ledger_entries VALUES (%s, 0, 'member_available', 1, -1)", (transaction,)
    )
    with pytest.raises(errors.CheckViolation, match="has no entries"):
        app.commit()


@pytest.mark.usefixtures("may_make_temporary_tables")
def test_nor_do_they_where_balances_are_kept(app: Raw) -> None:
    app.execute("CREATE TEMPORARY TABLE member_balances (LIKE public.member_balances)")
    app.execute("SET search_path = pg_temp, public, pg_catalog")
    app.execute("INSERT INTO member_balances VALUES (1, 0, 99999, 0, 0)")
    transaction = open_transaction(app, "rich", "payout_submitted")
    with pytest.raises(errors.CheckViolation, match="less available"):
        add_legs(app, transaction, *PAID_OUT)


@pytest.mark.usefixtures("may_make_temporary_tables")
def test_a_table_of_ones_own_does_not_move_balances(app: Raw) -> None:
    transaction = open_transaction(app, "sound")
    add_legs(app, transaction, *EARNED)
    app.execute("""
        CREATE TEMPORARY TABLE wishes (
            transaction_id bigint, account text, owner_id bigint, amount bigint
        )
    """)
    with pytest.raises(errors.InsufficientPrivilege):
        app.execute("""
            CREATE TRIGGER come_true AFTER INSERT ON wishes REFERENCING NEW TABLE AS fresh
            FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep_balances()
        """)
    app.rollback()
    assert available(app) == 0


def test_a_transaction_number_that_comes_again_opens_nothing(superuser: Raw, app: Raw) -> None:
    """After a restore into a new server numbers start anew: an old entry's may come again."""
    old = write(app, "restored", *EARNED)
    row = app.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
    assert row is not None
    superuser.execute("UPDATE ledger_transactions SET written_by = %s WHERE id = %s", (row[0], old))
    superuser.commit()
    with pytest.raises(errors.CheckViolation, match="written before"):
        add_legs(app, old, *EARNED, first=2)


@pytest.mark.parametrize(
    "statement",
    [
        "SET session_replication_role = replica",
        "SET ROLE tracker_owner",
        "ALTER TABLE ledger_entries DISABLE TRIGGER ALL",
        "DROP TRIGGER ledger_entries_balance ON ledger_entries",
        "CREATE RULE quiet AS ON INSERT TO ledger_transactions DO INSTEAD NOTHING",
        "CREATE TRIGGER mine BEFORE INSERT ON ledger_entries"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()",
        "CREATE OR REPLACE FUNCTION ledger_refuse_change() RETURNS trigger"
        " LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE FUNCTION public.equal(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "ALTER SEQUENCE ledger_transactions_id_seq RESTART",
        "SELECT setval('ledger_transactions_id_seq', 1)",
        "SELECT ledger_refuse_change()",
        "COPY ledger_entries TO PROGRAM 'cat'",
    ],
)
def test_the_rules_themselves_are_out_of_reach(app: Raw, statement: str) -> None:
    with pytest.raises((errors.InsufficientPrivilege, errors.FeatureNotSupported)):
        app.execute(statement.encode())


def test_no_function_of_the_ledger_is_everybodys(owner: Raw) -> None:
    open_to_all = owner.execute("""
        SELECT proname FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
          AND has_function_privilege('public', oid, 'EXECUTE')
    """).fetchall()
    assert open_to_all == []
