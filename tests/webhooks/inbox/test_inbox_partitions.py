"""Every month that is near has its partition, and the application makes no other table."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, ProgrammingError
from sqlalchemy.orm import Session

import wsgi
from tests.world import World
from tracker.kit.database import unit_of_work
from webhooks.inbox.partitions import AHEAD, make_partitions, partition_is_due

PARTS = """
    SELECT relname, pg_get_expr(relpartbound, oid) AS bound FROM pg_class
    WHERE relispartition AND relkind = 'r' ORDER BY relname
"""


def month(ahead: int) -> date:
    """The first day of a month, counted from the present one; UTC."""
    today = datetime.now(UTC)
    year, number = divmod(today.year * 12 + today.month - 1 + ahead, 12)
    return date(year, number + 1, 1)


def is_due(world: World) -> bool:
    with unit_of_work(world.tools.engine) as session:
        return partition_is_due(session)


def make(session: Session, wanted: date) -> bool:
    made = session.scalar(text("SELECT inbox_make_partition(:month)"), {"month": wanted})
    return bool(made)


def test_a_fresh_schema_has_what_is_near(world: World) -> None:
    assert not is_due(world)
    assert [(row.relname, row.bound) for row in world.query(PARTS)] == [
        (
            f"inbox_bodies_{month(ahead):%Y_%m}",
            f"FOR VALUES FROM ('{month(ahead)} 00:00:00+00') TO ('{month(ahead + 1)} 00:00:00+00')",
        )
        for ahead in range(AHEAD + 1)
    ]


def test_what_is_missing_is_made_by_the_workers(world: World) -> None:
    before = world.query(PARTS)
    world.change_as_owner(f"DROP TABLE {before[-1].relname}")
    assert is_due(world)
    assert wsgi.due_work(world.tools.settings)["inbox-partitions"](
        Session(world.tools.engine), datetime.now(UTC)
    )
    wsgi.tasks_of(world.tools)["inbox-partitions"]()
    assert not is_due(world)
    assert world.query(PARTS) == before
    assert make_partitions(world.tools.engine) == 0


def test_it_is_the_same_whatever_the_sessions_zone(world: World) -> None:
    before = world.query(PARTS)
    world.change_as_owner(f"DROP TABLE {before[0].relname}")
    with unit_of_work(world.tools.engine) as session:
        session.execute(text("SET LOCAL timezone = 'Asia/Kamchatka'"))
        assert make(session, month(0))
    assert world.query(PARTS) == before


def test_any_day_stands_for_its_month(world: World) -> None:
    with unit_of_work(world.tools.engine) as session:
        assert not make(session, month(1).replace(day=28))
        assert make(session, month(3).replace(day=28))


@pytest.mark.parametrize("ahead", [-2, 4, 1200])
def test_only_months_that_are_near_are_made(world: World, ahead: int) -> None:
    with pytest.raises(DataError, match="not near"), unit_of_work(world.tools.engine) as session:
        make(session, month(ahead))


def test_the_application_makes_no_table_itself(world: World) -> None:
    for statement in (
        "CREATE TABLE mine (id integer)",
        f"DROP TABLE {world.query(PARTS)[0].relname}",
        f"SELECT FROM {world.query(PARTS)[0].relname}",
        "DELETE FROM inbox_bodies",
        "INSERT INTO inbox_bodies_kept VALUES (1, '')",
    ):
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            world.change(statement)


def test_who_is_nobody_makes_none(world: World) -> None:
    world.change_as_owner(
        "DO $$ BEGIN ASSERT NOT has_function_privilege('public',"
        " 'inbox_make_partition(date)', 'EXECUTE'); END $$"
    )
