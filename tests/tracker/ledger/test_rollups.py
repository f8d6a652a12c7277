"""Days that were summed up: the same to the kopeck as all entries, by whatever moments."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, InternalError

from tests.tracker.ledger.raw_books import EARNED, Raw, add_legs, open_transaction, write
from tests.tracker.reports.pasts import (
    is_recorded_long_ago,
    lives_through_a_winter,
    moments,
    sums_up,
)
from tests.world import World, day
from tracker.kit.database import snapshot, unit_of_work
from tracker.ledger.rollups import Cut, movements, owed_to_us, prove, roll_up, rolling_is_due

PLAIN = """
    SELECT period, account, kind, sum(amount) AS amount, count(*) AS entries
    FROM ledger_transactions AS moved JOIN ledger_entries ON transaction_id = id
    WHERE {} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
DEBTS = """
    SELECT coalesce(sum(debt), 0) FROM (
        SELECT sum(amount) AS debt
        FROM ledger_transactions AS moved JOIN ledger_entries ON transaction_id = id
        WHERE account = 'member_available' AND {} GROUP BY owner_id HAVING sum(amount) > 0
    ) AS debts
"""


def cuts(world: World, count: int) -> Iterator[Cut]:
    draw, known = Random(7), moments(world)
    for number in range(count):
        at = day(draw.randrange(0, 70)) + timedelta(seconds=draw.choice((0, 0, 1, 40_000)))
        known_at: datetime | None = draw.choice((None, *known))
        if known_at is not None:
            known_at += timedelta(microseconds=draw.choice((-1, 0, 1)))
        through = draw.choice(("2010-11", "2010-12", "2011-01", "2011-03"))
        yield Cut(as_of=at, known_at=known_at, through=through if number % 3 == 0 else None)


def by_sums(session: Any, cut: Cut) -> list[tuple[Any, ...]]:
    moved = movements(session, cut)
    query = (
        "SELECT period, account, kind, sum(amount), sum(entries)"
        f" FROM ({moved.select}) AS moved GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
    return [tuple(row) for row in session.execute(text(query), moved.values)]


def by_entries(session: Any, cut: Cut) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in session.execute(text(PLAIN.format(cut.condition)), cut.values)]


def test_sums_and_entries_agree_whatever_is_asked_and_however_much_is_summed_up(
    world: World,
) -> None:
    lives_through_a_winter(world)
    is_recorded_long_ago(world)
    wanted = list(cuts(world, 60))
    for _ in range(4):
        with snapshot(world.tools.engine) as session:
            for cut in wanted:
                assert by_sums(session, cut) == by_entries(session, cut), cut
                plain = session.scalar(text(DEBTS.format(cut.condition)), cut.values)
                assert owed_to_us(session, cut) == plain, cut
        sums_up(world, days=2)
    assert world.differences() == []
    assert world.query("SELECT 1 FROM ledger_rollups LIMIT 1")


def test_commission_and_margins_are_told_by_shop(world: World) -> None:
    tea, rail = lives_through_a_winter(world)
    is_recorded_long_ago(world)

    def margins() -> list[Any]:
        with snapshot(world.tools.engine) as session:
            moved = movements(session, Cut(as_of=day(99)))
            query = (
                f"SELECT shop_id, account, sum(amount) AS sum FROM ({moved.select}) AS moved"
                " WHERE account IN ('margin', 'shop_receivable') GROUP BY 1, 2 ORDER BY 1, 2"
            )
            return [tuple(row) for row in session.execute(text(query), moved.values)]

    before = margins()
    assert {shop for shop, *_ in before} == {tea.id, rail.id}
    assert sums_up(world)
    assert margins() == before


def test_a_day_is_summed_up_when_nobody_can_write_into_it_any_more(world: World) -> None:
    lives_through_a_winter(world)
    with unit_of_work(world.tools.engine) as session:
        assert not rolling_is_due(session)
        assert roll_up(session) is None
    is_recorded_long_ago(world)
    with unit_of_work(world.tools.engine) as session:
        assert rolling_is_due(session)
    assert sums_up(world) > 1
    with unit_of_work(world.tools.engine) as session:
        assert not rolling_is_due(session)
    days = [row.day for row in world.query("SELECT day FROM ledger_rolled_days ORDER BY 1")]
    assert days == [days[0] + timedelta(days=number) for number in range(len(days))]


def test_the_proof_finds_a_sum_that_is_off(world: World) -> None:
    lives_through_a_winter(world)
    is_recorded_long_ago(world)
    sums_up(world)
    world.change_as_owner("ALTER TABLE ledger_rollups DISABLE TRIGGER USER")
    world.change_as_owner(
        "UPDATE ledger_rollups SET amount = amount + 1"
        " WHERE ctid = (SELECT min(ctid) FROM ledger_rollups)"
    )
    with snapshot(world.tools.engine) as session:
        assert len(list(prove(session))) == 1


@pytest.mark.parametrize("table", ["ledger_rollups", "ledger_rolled_days"])
def test_what_was_summed_up_stays(world: World, table: str) -> None:
    with pytest.raises(IntegrityError, match="never changed"):
        world.change_as_owner(f"DELETE FROM {table}")


def test_days_are_not_summed_up_in_a_moment_that_is_past(world: World) -> None:
    with (
        pytest.raises(InternalError, match="others have committed"),
        unit_of_work(world.tools.engine, one_moment=True) as session,
    ):
        roll_up(session)


def test_nothing_is_posted_into_a_day_that_was_summed_up(app: Raw, superuser: Raw) -> None:
    """Whatever the clock says: it may have gone back."""
    superuser.execute(
        "INSERT INTO ledger_rolled_days (day, entries)"
        " VALUES ((now() AT TIME ZONE 'Europe/Moscow')::date, 0)"
    )
    superuser.commit()
    with pytest.raises(psycopg.errors.CheckViolation, match="was summed up"):
        write(app, "late", *EARNED)


def test_what_was_begun_an_hour_ago_is_refused(app: Raw, superuser: Raw) -> None:
    """A posting's moment is its transaction's beginning: a slow one would come too late."""
    transaction = open_transaction(app, "slow")
    add_legs(app, transaction, *EARNED)
    (condition,) = app.execute(
        "SELECT prosrc FROM pg_proc WHERE proname = 'ledger_transaction_has_entries'"
    ).fetchone() or ("",)
    assert "NEW.recorded_at < clock_timestamp() - interval '1 hour'" in condition
    replaced = (
        "CREATE OR REPLACE FUNCTION ledger_transaction_has_entries() RETURNS trigger"
        " LANGUAGE plpgsql AS $body${}$body$"
    )
    superuser.execute(replaced.format(condition.replace("1 hour", "0 seconds")).encode())
    superuser.commit()
    with pytest.raises(psycopg.errors.CheckViolation, match="more than an hour ago"):
        app.commit()
    superuser.execute(replaced.format(condition).encode())
    superuser.commit()
