"""A page is read by indexes, however much there is of other members."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, text

from benchmarks.history_seed import ENTRIES_EACH, Scribe
from sandbox.servers import EmbeddedServers
from sandbox.servers.databases import url_for
from tests.cabinets import adds_up, ask, whole
from tests.world import World
from tracker.kit.database import unit_of_work

MEMBERS = 120
BIG = {"purchases", "ledger_entries", "ledger_transactions", "payouts", "purchase_lines", "clicks"}


@pytest.fixture
def members(world: World, servers: EmbeddedServers) -> list[int]:
    """So many members with histories: some 20,000 ledger entries."""
    found = world.members(MEMBERS)
    shops = [world.shop(f"shop-{number}").id for number in range(7)]
    name = world.tools.engine.url.database or ""
    superuser = url_for(servers.addresses.superuser_url, name)
    with psycopg.connect(superuser, autocommit=True) as connection:
        Scribe(shops).fill(connection, found)
        connection.execute("ANALYZE")
    return found


@contextmanager
def plans(world: World) -> Iterator[list[str]]:
    """How each statement of a block is carried out, told by PostgreSQL."""
    told: list[str] = []

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            with connection.connection.cursor() as asked:
                asked.execute(f"EXPLAIN {statement}", parameters)
                told.append("\n".join(row[0] for row in asked.fetchall()))

    event.listen(world.tools.engine, "after_cursor_execute", explain)
    try:
        yield told
    finally:
        event.remove(world.tools.engine, "after_cursor_execute", explain)


def test_what_is_seeded_is_sound(world: World, members: list[int]) -> None:
    entries = world.query("SELECT count(*) AS count FROM ledger_entries")[0].count
    assert entries == ENTRIES_EACH * MEMBERS
    one = members[MEMBERS // 2]
    lines = adds_up(world, one, world.signed_in(one), 20)
    assert {line["status"] for line in lines} == {"accrued", "pending", "rejected", "written_off"}
    assert world.differences() == []


def test_no_page_looks_through_a_table(world: World, members: list[int]) -> None:
    cabinet = world.signed_in(members[7])
    line = whole(cabinet)[0]["id"]
    cursor = ask(cabinet, "history", limit=5)["next"]
    with plans(world) as told:
        ask(cabinet, "history", limit=5)
        ask(cabinet, "history", limit=5, cursor=cursor)
        for status in ("accrued", "pending", "rejected", "written_off"):
            ask(cabinet, "history", limit=5, status=status)
        ask(cabinet, "history", limit=5, **{"from": "2010-01-01", "to": "2010-12-31"})
        ask(cabinet, "balance")
        ask(cabinet, f"history/{line}")
    assert len(told) > 20
    for plan in told:
        looked_through = {table for table in BIG if f"Seq Scan on {table}" in plan}
        assert looked_through == set(), plan


def test_a_page_is_read_in_the_order_of_its_index(world: World, members: list[int]) -> None:
    """Not sorted: a member with a hundred thousand purchases has the same page."""
    cabinet = world.signed_in(members[7])
    with unit_of_work(world.tools.engine) as session:
        session.execute(
            text("UPDATE purchases SET member_id = :one WHERE id % 2 = 0"), {"one": members[7]}
        )
    world.change_as_owner("ANALYZE purchases")
    cursor = ask(cabinet, "history", limit=50)["next"]
    with plans(world) as told:
        ask(cabinet, "history", limit=50)
        ask(cabinet, "history", limit=50, cursor=cursor)
    pages = [plan for plan in told if "ix_purchases_members" in plan and "Limit" in plan]
    assert len(pages) >= 2
    for plan in pages:
        assert "Index Scan Backward using ix_purchases_members" in plan
        assert "Sort" not in plan
