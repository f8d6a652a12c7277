"""Budgets: counted in the database, for members and strangers alike."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from redis import Redis

from tests.joining import Newcomer
from tests.world import World
from tracker.access.budgets import Budget, BudgetUsedUp, block_of, sms_budgets, spend
from tracker.kit.limits import Limit, limits_from
from tracker.kit.settings import Settings

NOW = datetime(2026, 11, 22, 12, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


def with_limits(world: World, sms: str) -> World:
    """The same deployment with other budgets."""
    limits = limits_from(sms, ("number", "prefix", "address", "all"))
    tools = replace(world.tools, settings=replace(world.tools.settings, sms_budgets=limits))
    return World(tools)


def times(world: World, *budgets: Budget, now: datetime = NOW, most: int = 100) -> int:
    """How often it can be spent until it is refused."""
    for count in range(most):
        try:
            spend(world.tools.engine, world.tools.settings.keys, budgets, now)
        except BudgetUsedUp:
            return count
    return most


def test_a_budget_lasts_for_its_window(world: World) -> None:
    budget = Budget("sms number", "+79001234567", 3, HOUR)
    assert times(world, budget) == 3
    with pytest.raises(BudgetUsedUp) as refused:
        spend(world.tools.engine, world.tools.settings.keys, [budget], NOW)
    assert refused.value.retry_after == 40 * 60
    assert times(world, budget, now=NOW + timedelta(minutes=40)) == 3
    assert len(world.query("SELECT 1 FROM budget_counts")) == 1, "written over"


def test_a_clock_that_goes_back_begins_nothing_anew(world: World) -> None:
    budget = Budget("sms number", "+79001234567", 3, HOUR)
    times(world, budget)
    assert times(world, budget, now=NOW - HOUR) == 0


def test_budgets_are_spent_together_or_not_at_all(world: World) -> None:
    mine = Budget("sms number", "+79001234567", 2, HOUR)
    everybodys = Budget("sms all", "", 100, HOUR)
    assert times(world, mine, everybodys) == 2
    counts = {row.scope: row.count for row in world.query("SELECT scope, count FROM budget_counts")}
    assert counts == {"sms number 3600": 2, "sms all 3600": 2}, "what is refused uses nothing up"


def test_two_windows_of_one_subject_are_two_budgets(world: World) -> None:
    by_hour = Budget("sms number", "+79001234567", 2, HOUR)
    by_day = Budget("sms number", "+79001234567", 3, 24 * HOUR)
    assert times(world, by_hour, by_day) == 2
    assert times(world, by_hour, by_day, now=NOW + HOUR) == 1


def test_many_at_once_spend_no_more_than_there_is(world: World) -> None:
    """And nobody waits in a circle, in whichever order the budgets are named."""
    budgets = [Budget(f"sms {name}", name, 10, HOUR) for name in ("b", "a", "c", "d")]
    barrier = threading.Barrier(20)

    def one(turn: int) -> bool:
        barrier.wait()
        mine = budgets if turn % 2 else budgets[::-1]
        return times(world, *mine, most=1) == 1

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(one, range(20))) == 10


def test_losing_redis_begins_nothing_anew(world: World) -> None:
    budget = Budget("sms number", "+79001234567", 3, HOUR)
    times(world, budget)
    with Redis.from_url(world.tools.settings.redis_url) as redis:
        redis.flushall()
    assert times(world, budget) == 0


def test_subjects_are_not_kept_as_they_are(world: World) -> None:
    spend(
        world.tools.engine,
        world.tools.settings.keys,
        sms_budgets("+79001234567", "192.0.2.7", world.tools.settings),
        NOW,
    )
    rows = world.query("SELECT scope, subject FROM budget_counts")
    assert {row.scope for row in rows} == {
        "sms number 3600",
        "sms number 86400",
        "sms prefix 3600",
        "sms address 3600",
        "sms all 3600",
    }
    assert {len(row.subject) for row in rows} == {32}


def test_pumping_a_block_of_numbers_stops_and_is_told(world: World) -> None:
    few = with_limits(world, "number=5/d,prefix=4/d,address=100/d,all=1000/d")
    assert block_of("+79001234567") == "+7900123"
    with structlog.testing.capture_logs() as told:
        answers = [Newcomer(few, f"+7900123{last:04}").begin() for last in range(6)]
    assert [one.status_code for one in answers] == [202] * 4 + [429] * 2
    assert answers[-1].headers["Retry-After"].isdecimal()
    alarms = [one for one in told if one["event"] == "budget_used_up"]
    assert [(one["scope"], one["block"]) for one in alarms] == [("sms prefix", "+7900123")]
    assert len(world.query("SELECT 1 FROM notifications")) == 4
    assert Newcomer(few, "+79001240001").begin().status_code == 202


def test_a_lock_out_does_not_tell_whose_number_it_is(world: World) -> None:
    member = world.phone(world.member())
    few = with_limits(world, "number=2/d,all=1000/d")
    heard = {
        phone: [Newcomer(few, phone).begin() for _ in range(4)]
        for phone in (member, "+79001234567")
    }
    for answers in heard.values():
        assert [one.status_code for one in answers] == [202, 202, 429, 429]
    assert len({one.data for answers in heard.values() for one in answers[2:]}) == 1


def test_from_one_address_only_so_many(world: World) -> None:
    few = with_limits(world, "number=5/d,address=3/d")
    phones = [f"+790012{n}4567" for n in range(5)]
    assert [Newcomer(few, one).begin().status_code for one in phones] == [202] * 3 + [429] * 2


@pytest.mark.parametrize(
    "text",
    ["", "number", "number=5", "number=0/h", "number=5/w", "who=5/h", "number=5/h,number=6/h"],
)
def test_limits_that_make_no_sense(text: str) -> None:
    with pytest.raises(ValueError):
        limits_from(text, ("number", "all"))


def test_limits_as_they_are_set(settings: Settings) -> None:
    assert limits_from("number=5/h, all=7/d", ("number", "all")) == (
        Limit("number", 5, 3600),
        Limit("all", 7, 86_400),
    )
    assert settings.sms_budgets[0] == Limit("number", 5, 3600)
