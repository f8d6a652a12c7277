"""What somebody should look at: it is raised once, told everywhere, looked after, and over."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.stories.months import earns, started
from tests.stories.operators import Operator, wait, work
from tests.world import World, day
from tracker.alerts.looking import look_at_one
from tracker.alerts.rules import Condition, Reading
from tracker.kit.database import unit_of_work
from tracker.settlement.ports import Outcome
from tracker.staff.rules import Role
from tracker.staff.service import hire
from wiring.alerts import conditions_of


def look(world: World) -> None:
    """Workers look at every condition, due or not."""
    world.change("UPDATE alert_conditions SET next_at = clock_timestamp()")
    conditions = conditions_of(world.tools.settings)
    while look_at_one(world.tools.engine, conditions, day(40)):
        pass


def holds(world: World) -> set[tuple[str, str]]:
    rows = world.query("SELECT name, subject FROM alerts WHERE until IS NULL")
    return {(row.name, row.subject) for row in rows}


def headers(world: World, role: Role = Role.OPERATOR) -> dict[str, str]:
    with unit_of_work(world.tools.engine) as session:
        token = hire(session, world.tools.settings.keys, "vera", role)
    return {"Authorization": f"Bearer {token}"}


def told(world: World, who: dict[str, str]) -> dict[str, Any]:
    items = world.client().get("/admin/api/v1/alerts", headers=who).get_json()["items"]
    return {one["name"]: one for one in items}


def metrics(world: World) -> dict[str, float]:
    lines = world.client().get("/metrics").get_data(as_text=True).splitlines()
    said = [line.split() for line in lines if not line.startswith("#")]
    return {name: float(value) for name, value in said}


def test_nothing_holds_where_all_is_well(world: World) -> None:
    assert metrics(world)["tracker_alerts_blind"] == len(conditions_of(world.tools.settings))
    look(world)
    assert holds(world) == set()
    assert metrics(world)["tracker_alerts_blind"] == 0


def test_an_alert_is_raised_told_looked_after_and_over(world: World) -> None:
    shop = world.shop()
    world.store(shop, {"odd": b'{"type": "no"}'})
    world.work()
    look(world)
    assert holds(world) == {("inbox_parked", "")}
    assert metrics(world)["tracker_alert_inbox_parked"] == 1
    who = headers(world)
    (held,) = told(world, who)["inbox_parked"]["holds"]
    assert (held["value"], held["limit"], held["acknowledged_by"]) == (1, 0, None)

    path = "/admin/api/v1/alerts/inbox_parked/acknowledge"
    note = {"subject": "", "note": "asked the shop"}
    answer = world.client().post(path, json=note, headers=who)
    assert answer.get_json()["acknowledged_by"] == "vera"
    look(world)
    (held,) = told(world, who)["inbox_parked"]["holds"]
    assert held["note"] == "asked the shop"
    (entry,) = world.query("SELECT * FROM audit_entries WHERE action = 'alert.acknowledge'")
    assert (entry.subject, entry.reason) == ("alert:inbox_parked", "asked the shop")

    world.change("UPDATE inbox_events SET state = 'discarded'")
    look(world)
    assert holds(world) == set()
    assert world.client().post(path, json=note, headers=who).status_code == 404


def test_what_begins_again_is_new(world: World) -> None:
    shop = world.shop()
    world.store(shop, {"odd": b'{"type": "no"}'})
    world.work()
    look(world)
    world.change("UPDATE alerts SET acknowledged_by = 'vera', until = clock_timestamp()")
    before = world.query("SELECT since FROM alerts")[0].since
    look(world)
    (row,) = world.query("SELECT * FROM alerts")
    assert row.since > before
    assert (row.acknowledged_by, row.until) == (None, None)


def test_books_that_do_not_add_up_are_told_by_the_daily_proof(world: World) -> None:
    earns(world, world.shop(), world.member(), 300)
    world.change_as_owner("UPDATE member_balances SET available = available + 1")
    look(world)
    assert ("proof", "ledger") in holds(world)
    (row,) = world.query("SELECT * FROM alerts WHERE name = 'proof' AND subject = 'ledger'")
    assert "expected" in row.said


def test_payouts_of_which_nothing_is_known_for_long(world: World) -> None:
    earns(world, world.shop(), world.member(), 300)
    started(world)
    work(world, Operator(acts=False, says=Outcome.UNKNOWN, tells=Outcome.UNKNOWN))
    wait(world, 59 * 60)
    look(world)
    assert not any(name == "payouts_unknown" for name, _ in holds(world))
    wait(world, 2 * 60)
    look(world)
    assert ("payouts_unknown", "settlement:2011-01") in holds(world)


def failing(session: Session, _: datetime) -> Iterator[Reading]:
    session.execute(text("SELECT 1/0"))
    yield Reading("", 0)


def test_a_look_that_fails_is_told_and_takes_nothing_away(world: World) -> None:
    one = Condition("deep", "The water is deep", "metres", 3, lambda _, __: [Reading("", 4)])
    assert look_at_one(world.tools.engine, [one], day(1))
    world.change("UPDATE alert_conditions SET next_at = clock_timestamp()")
    assert look_at_one(world.tools.engine, [replace(one, measure=failing)], day(1))
    (row,) = world.query("SELECT * FROM alert_conditions")
    assert "division by zero" in row.error
    assert holds(world) == {("deep", "")}


def test_many_workers_raise_an_alert_once(world: World) -> None:
    one = Condition("deep", "The water is deep", "metres", 3, lambda _, __: [Reading("", 4)])
    workers = [
        threading.Thread(target=look_at_one, args=(world.tools.engine, [one], day(1)))
        for _ in range(8)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert holds(world) == {("deep", "")}
    (row,) = world.query("SELECT next_at - looked_at AS pause FROM alert_conditions")
    assert row.pause <= timedelta(seconds=31)


@pytest.mark.parametrize("role", list(Role))
def test_every_role_may_look(world: World, role: Role) -> None:
    assert "proof" in told(world, headers(world, role))
