"""docs/ledger.md is true: its story is told to the real ledger, its queries are run."""

import json
import re
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

import wsgi
from tests.docs.ledger_story import tell
from tests.docs.pages import Table, blocks, code, matches, page, table, tables
from tests.world import World
from tracker.kit.clock import moscow_date
from tracker.kit.money import format_rubles, parse_rubles, percent_to_basis_points, share
from tracker.ledger import cli
from tracker.ledger.rules import MEMBER_ACCOUNTS, SHOP_ACCOUNTS, Account, Kind

PAGE = page("ledger.md")

Leg = tuple[str, str, str, str]
"""An account, whose it is, debit and credit, as the page writes them."""


@pytest.fixture
def told(world: World) -> World:
    """The world after the story."""
    tell(world)
    return world


def test_the_tables_are_what_the_ledger_wrote(told: World) -> None:
    assert list(shown().items()) == list(written(told).items())
    assert told.differences() == []


def test_every_kind_of_movement_has_an_example(told: World) -> None:
    kinds = told.query("SELECT DISTINCT kind FROM ledger_transactions")
    assert {row.kind for row in kinds} == set(Kind)


def test_the_balances_after_each_posting(told: World) -> None:
    rows = told.query("""
        SELECT reference, effective_at,
               coalesce(-sum(amount) FILTER (WHERE account = 'member_pending'), 0) AS pending,
               coalesce(-sum(amount) FILTER (WHERE account = 'member_available'), 0) AS available,
               coalesce(-sum(amount) FILTER (WHERE account = 'member_in_flight'), 0) AS in_flight
        FROM ledger_transactions JOIN ledger_entries ON transaction_id = id
        WHERE owner_id = 1 AND account LIKE 'member%'
        GROUP BY id ORDER BY id
    """)
    found: list[list[str]] = []
    balances: tuple[int, ...] = (0, 0, 0)
    for row in rows:
        moved = (row.pending, row.available, row.in_flight)
        balances = tuple(have + int(more) for have, more in zip(balances, moved, strict=True))
        name = f"`{renumbered(told, row.reference)}`"
        found.append([name, str(moscow_date(row.effective_at)), *map(format_rubles, balances)])
    heading = "The balances of member 1 after each of them"
    assert [list(row.values()) for row in table(PAGE, heading).rows] == found


def test_the_chart_of_accounts() -> None:
    rows = {code(row["account"])[0]: row for row in table(PAGE, "Accounts").rows}
    assert set(rows) == set(Account)
    for account, row in rows.items():
        owner = "a member" if account in MEMBER_ACCOUNTS else "the house"
        assert row["of"] == ("a shop" if account in SHOP_ACCOUNTS else owner)
        assert row["normal side"] == ("debit" if row["is"] in ("asset", "expense") else "credit")
        _, _, debit, _ = next(leg for legs in shown().values() for leg in legs if leg[0] == account)
        assert row["normal side"] == ("debit" if debit else "credit"), account


def test_rounding_is_as_the_tables_say() -> None:
    single, parts = [one for one in tables(PAGE) if one.heading == "Rounding"]
    for row in single.rows:
        assert earned(row["amount"], row["percent"]) == parse_rubles(row["rounded"]), row
    for row in parts.rows:
        before, after = (earned(row[name], row["percent"]) for name in ("sold", "left"))
        assert parse_rubles(row["sold"]) - parse_rubles(row["came back"]) == parse_rubles(
            row["left"]
        )
        figures = [format_rubles(sum_) for sum_ in (before, after, before - after)]
        assert figures == [row["before"], row["after"], row["rejected"]]
    assert (3 * earned("0.10", "5"), earned("0.30", "5")) == (3, 2)


def test_what_can_never_happen_is_held_by_what_is_named(told: World) -> None:
    named = {
        name
        for row in table(PAGE, "What can never happen").rows
        for name in code(row["held by"])
        if re.match("ledger_|ck_|uq_", name)
    }
    held = told.query("""
        SELECT conname AS name FROM pg_constraint UNION SELECT tgname FROM pg_trigger
        UNION SELECT indexname FROM pg_indexes
    """)
    assert named <= {row.name for row in held}
    rights = told.query("""
        SELECT has_table_privilege('tracker_app', name, kind) AS allowed
        FROM unnest(ARRAY['ledger_entries', 'ledger_transactions', 'member_balances']) AS name,
             unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS kind
        UNION ALL SELECT has_table_privilege('tracker_app', 'member_balances', 'INSERT')
        UNION ALL SELECT has_column_privilege('tracker_app', 'ledger_transactions', name, 'INSERT')
        FROM unnest(ARRAY['recorded_at', 'written_by']) AS name
    """)
    assert not any(row.allowed for row in rights)


def test_the_proof_says_what_is_shown(told: World) -> None:
    fine, off = [one.text for one in blocks(PAGE) if one.heading == "The proof"]
    assert run(told, "proof") == (0, fine.removeprefix("$ tracker ledger proof\n").strip())
    with psycopg.connect(told.tools.settings.database_owner_url) as connection:
        connection.execute(
            "UPDATE member_balances SET available = available + 1 WHERE member_id = 1"
        )
    exit_code, said = run(told, "proof")
    assert exit_code == 1
    assert matches(off.removeprefix("$ tracker ledger proof\n"), said)


def test_the_totals_are_those_shown(told: World) -> None:
    (figures,) = [one.text for one in blocks(PAGE) if one.language == "json"]
    exit_code, said = run(told, "totals", "--json")
    assert (exit_code, json.loads(said)) == (0, json.loads(figures))
    assert all(sum(row.values()) == 0 for row in json.loads(figures).values())


def test_the_queries_find_what_is_shown(told: World) -> None:
    inside = [one for one in blocks(PAGE) if one.language in ("sql", "text")]
    queries, answers = inside[::2], inside[1::2]
    assert {one.language for one in queries} == {"sql"}
    with psycopg.connect(told.tools.settings.database_url) as connection:
        connection.execute("SET TRANSACTION READ ONLY")
        connection.execute("SET ROLE tracker_app")
        for query, answer in zip(queries, answers, strict=True):
            cursor = connection.execute(query.text.encode())
            names = [column.name for column in cursor.description or ()]
            rows = [[as_shown(told, value) for value in row] for row in cursor]
            assert [names, *rows] == cells(answer.text), query.text


def shown() -> dict[str, list[Leg]]:
    """The postings of the page, by reference."""
    return {
        reference: [leg_shown(row) for row in one.rows]
        for one in tables(PAGE)
        if (reference := reference_of(one))
    }


def reference_of(one: Table) -> str:
    """The reference in the first column's name; empty for a table of something else."""
    first = code(next(iter(one.rows[0])))
    return first[0] if first else ""


def leg_shown(row: dict[str, str]) -> Leg:
    account, of, debit, credit = row.values()
    return code(account)[0], of, debit, credit


def written(world: World) -> dict[str, list[Leg]]:
    """The postings of the ledger, by reference."""
    found: dict[str, list[Leg]] = {}
    for row in world.query("""
        SELECT reference, account, owner_id, amount
        FROM ledger_transactions JOIN ledger_entries ON transaction_id = id ORDER BY id, leg
    """):
        kind = "shop" if row.account in SHOP_ACCOUNTS else "member"
        of = f"{kind} {row.owner_id}" if row.owner_id else "the house"
        sum_ = format_rubles(abs(row.amount))
        sides = (sum_, "") if row.amount > 0 else ("", sum_)
        found.setdefault(renumbered(world, row.reference), []).append((row.account, of, *sides))
    return found


def renumbered(world: World, text: str) -> str:
    """Purchases by their place in the story: ids may have gaps."""
    ids = [row.id for row in world.query("SELECT id FROM purchases ORDER BY id")]
    return re.sub(r"purchase:(\d+)", lambda found: f"purchase:{ids.index(int(found[1])) + 1}", text)


def as_shown(world: World, value: Any) -> str:
    return "" if value is None else renumbered(world, str(value))


def cells(text: str) -> list[list[str]]:
    """The lines of a printed table, without the rule under its head."""
    head, _, *rows = text.splitlines()
    return [[cell.strip() for cell in line.split("|")] for line in (head, *rows)]


def earned(amount: str, percent: str) -> int:
    return share(parse_rubles(amount), percent_to_basis_points(percent))


def run(world: World, *arguments: str) -> tuple[int, str]:
    """A ledger command on this world."""
    group = cli.build(wsgi.PROOFS)
    done = CliRunner().invoke(group, arguments, obj=lambda: world.tools)
    return done.exit_code, done.output.strip()
