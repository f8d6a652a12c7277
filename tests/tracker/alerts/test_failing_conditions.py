"""Conditions that fail, and conditions that are no more."""

import json
from collections.abc import Iterator
from datetime import datetime

from click.testing import CliRunner
from sqlalchemy.orm import Session

from tests.world import World
from tracker.alerts.cli import build
from tracker.alerts.looking import look_at_one
from tracker.alerts.rules import Condition, Reading


def test_one_condition_that_fails_does_not_blind_the_others(world: World) -> None:
    def fails(_: Session, __: datetime) -> Iterator[Reading]:
        raise KeyError("a shop that is not there")

    def holds(_: Session, __: datetime) -> Iterator[Reading]:
        yield Reading("", 7)

    conditions = (
        Condition("a_fails", "x", "x", 0, fails),
        Condition("b_holds", "x", "x", 0, holds),
    )
    for _ in range(5):
        try:
            look_at_one(world.tools.engine, conditions, world.tools.clock.now())
        except KeyError:
            continue
    rows = world.query("SELECT name FROM alerts WHERE until IS NULL")
    assert [row.name for row in rows] == ["b_holds"]


def test_an_alert_of_a_condition_that_is_no_more_ends(world: World) -> None:
    def holds(_: Session, __: datetime) -> Iterator[Reading]:
        yield Reading("", 7)

    gone = Condition("gone", "x", "x", 0, holds)
    stays = Condition("stays", "x", "x", 10, holds)
    now = world.tools.clock.now()
    while look_at_one(world.tools.engine, (gone, stays), now):
        pass
    world.change("UPDATE alert_conditions SET next_at = now()")
    while look_at_one(world.tools.engine, (stays,), now):
        pass
    assert world.query("SELECT name FROM alerts WHERE until IS NULL") == []


def test_sums_are_read_in_roubles(world: World) -> None:
    def lent(_: Session, __: datetime) -> Iterator[Reading]:
        yield Reading("shop:tea", 240_326_021, 50_000)

    conditions = (Condition("lent", "x", "kopecks", 0, lent),)
    while look_at_one(world.tools.engine, conditions, world.tools.clock.now()):
        pass

    def listed(*options: str) -> str:
        asked = ["list", *options]
        return (
            CliRunner().invoke(build(lambda _: conditions), asked, obj=lambda: world.tools).output
        )

    assert all(one in listed() for one in ("2403260.21", "500.00", "RUB"))
    (row,) = json.loads(listed("--json"))
    assert (row["value"], row["unit"]) == (240_326_021, "kopecks")
