"""The application's rights, table by table: it reads and adds, and changes what is state."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import psycopg
import pytest

from tests.migrations.changes import ALL_OF_IT, CHANGES, NONE
from tracker.kit.database import APPLICATION_ROLE

NOT_ADDED = {
    "ledger_rollups",
    "ledger_rolled_days",
    "settlement_watch",
    "settlement_slots",
    "member_balances",
    "inbox_bodies_kept",
    "catalogue_version",
    "audit_chain",
    "audit_waiting",
}
"""Tables whose rows a trigger adds, or the schema's owner."""

WRITTEN_IN_PART = {
    "audit_heads": {"place", "hash", "signature"},
    "audit_entries": {"who", "action", "subject", "before", "after", "reason"},
    "ledger_transactions": {"id", "reference", "kind", "effective_at", "period", "corrects"},
    "proposals": {
        "action",
        "subject",
        "slot",
        "payload",
        "payload_sha256",
        "seen",
        "seen_sha256",
        "reason",
        "request_key",
        "proposed_by",
        "token_id",
        "expires_at",
    },
    "closed_periods": {"period", "proposed_by", "approved_by"},
    "settlement_runs": {
        "period",
        "as_of",
        "payouts",
        "total",
        "sha256",
        "prepared_by",
        "considered_at",
        "paused_by",
        "pause_reason",
        "approved_by",
        "approved_at",
        "started_at",
        "done_at",
        "closed_at",
    },
}
"""Of these the application may fill some columns only; the others are the database's own word."""


Catalogue: TypeAlias = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def catalogue(migrated: str) -> Iterator[Catalogue]:
    """A session to look at the rights in."""
    with psycopg.connect(migrated) as connection:
        yield connection


def granted(catalogue: Catalogue, right: str) -> dict[str, frozenset[str]]:
    """Columns on which the application has a right, by table; all of it said as one."""
    rows = catalogue.execute(
        """
        SELECT relname, attname, has_table_privilege(%(role)s, pg_class.oid, %(right)s),
               has_column_privilege(%(role)s, pg_class.oid, attnum, %(right)s)
        FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
          AND NOT relispartition AND attnum > 0 AND NOT attisdropped
        """,
        {"role": APPLICATION_ROLE, "right": right},
    )
    found: dict[str, frozenset[str]] = {}
    for table, column, on_table, on_column in rows:
        known = found.setdefault(table, NONE)
        found[table] = ALL_OF_IT if on_table else known | ({column} if on_column else NONE)
    return found


def test_it_may_change_what_is_state_and_nothing_else(
    catalogue: Catalogue,
) -> None:
    assert granted(catalogue, "UPDATE") == CHANGES | {"alembic_version": NONE}


def test_it_may_read_everything_but_the_schemas_version(
    catalogue: Catalogue,
) -> None:
    expected = dict.fromkeys(CHANGES, ALL_OF_IT)
    assert granted(catalogue, "SELECT") == expected | {"alembic_version": NONE}


def test_it_may_add_to_what_is_its_own(catalogue: Catalogue) -> None:
    expected = dict.fromkeys(CHANGES, ALL_OF_IT) | dict.fromkeys(NOT_ADDED, NONE)
    expected |= {table: frozenset(columns) for table, columns in WRITTEN_IN_PART.items()}
    assert granted(catalogue, "INSERT") == expected | {"alembic_version": NONE}


@pytest.mark.parametrize("right", ["DELETE", "TRUNCATE", "TRIGGER"])
def test_it_may_delete_nothing(catalogue: Catalogue, right: str) -> None:
    rows = catalogue.execute(
        """
        SELECT relname FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
          AND has_table_privilege(%s, oid, %s)
        """,
        (APPLICATION_ROLE, right),
    )
    assert rows.fetchall() == []


def test_it_draws_numbers_and_sets_none(catalogue: Catalogue) -> None:
    rows = catalogue.execute(
        """
        SELECT sequencename FROM pg_sequences
        WHERE schemaname = 'public' AND has_sequence_privilege(%s, sequencename, 'UPDATE')
        """,
        (APPLICATION_ROLE,),
    )
    assert rows.fetchall() == []


def test_everybody_else_may_nothing(catalogue: Catalogue) -> None:
    rows = catalogue.execute(
        """
        SELECT relname, acl.grantee::regrole::text
        FROM pg_class CROSS JOIN aclexplode(relacl) AS acl
        WHERE relnamespace = 'public'::regnamespace AND acl.grantee <> relowner
        """
    )
    assert {grantee for _, grantee in rows} == {APPLICATION_ROLE}


def test_it_owns_nothing_and_makes_nothing(
    catalogue: Catalogue,
) -> None:
    row = catalogue.execute(
        """
        SELECT has_schema_privilege(%(role)s, 'public', 'CREATE'),
               has_database_privilege(%(role)s, current_database(), 'CREATE'),
               (SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls
                FROM pg_roles WHERE rolname = %(role)s),
               EXISTS (SELECT FROM pg_class WHERE pg_get_userbyid(relowner) = %(role)s)
        """,
        {"role": APPLICATION_ROLE},
    ).fetchone()
    assert row == (False, False, False, False)
