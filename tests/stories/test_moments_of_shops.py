"""Moments that shops tell: not yet come, or earlier than what they build on."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.events import cancelled, confirmed, created, day, returned, rubles, updated
from tests.signing_in import at
from tests.stories.months import FIRST, earns
from tests.world import BONUS, Shop, World
from tracker.kit.clock import MOSCOW, SystemClock
from tracker.kit.database import snapshot
from tracker.reports.books.liability import liability
from webhooks.dispatch import Dispatcher

AHEAD = datetime(2098, 1, 1, tzinfo=MOSCOW)
CLICK, OTHER = "clk_one", "clk_other"
"""Stand for clicks that a story has made."""


def postings(world: World, *kinds: str) -> list[Any]:
    """The postings of purchases, in their order."""
    return world.query(
        "SELECT kind, effective_at, period FROM ledger_transactions"
        " WHERE kind = ANY(:kinds) ORDER BY id",
        kinds=list(kinds or ("tracked", "rejected", "confirmed", "clawed_back")),
    )


def never_below_nothing(world: World) -> bool:
    """Whether each account of a member, as of every moment at which something counts, has been
    what a member can have; and the books add up."""
    below = world.query("""
        SELECT * FROM (
            SELECT reference, account, -sum(amount) OVER (
                PARTITION BY account, owner_id ORDER BY effective_at
                RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS balance
            FROM ledger_entries JOIN ledger_transactions AS moved ON moved.id = transaction_id
            WHERE account LIKE 'member_%'
        ) AS history WHERE balance < 0
    """)
    assert below == []
    return world.differences() == []


@pytest.mark.parametrize(
    "event",
    [
        created("A-2", None, 100, at=AHEAD, ordered_at=day(1)),
        created("A-2", None, 100, at=day(1), ordered_at=AHEAD),
        updated("A-1", None, 100, at=AHEAD),
        confirmed("A-1", at=AHEAD),
        returned("A-1", "R-1", at=AHEAD),
        cancelled("A-1", at=AHEAD),
    ],
    ids=lambda event: event["type"],
)
def test_what_has_not_happened_is_not_let_in(world: World, event: dict[str, Any]) -> None:
    shop = world.shop()
    world.tell(shop, created("A-1", world.click(world.member(), shop), 3000, at=day(1)))
    answer = world.post(shop, event)
    assert answer.status_code == 422
    (fault,) = answer.get_json()["errors"]
    assert fault["reason"] == "is more than a day ahead of our clock"
    world.work()
    assert {row.period for row in postings(world)} == {"2010-12"}


def test_the_bound_is_the_receipt(world: World) -> None:
    """By the real clock, years after the days of this story."""
    shop = world.shop()
    late = SystemClock().now() + timedelta(hours=25)
    assert world.post(shop, confirmed("A-1", at=late)).status_code == 422
    assert world.post(shop, confirmed("A-1", at=late - timedelta(hours=2))).status_code == 202


def _ahead_of_its_receipt(world: World, shop: Shop, click: str) -> datetime:
    """An order, confirmed and returned in part, with the clock of a shop far in the east."""
    soon = SystemClock().now() + timedelta(hours=9)
    world.tell(shop, created("A-1", click, 3000, at=soon))
    world.tell(shop, confirmed("A-1", at=soon + timedelta(hours=1)))
    world.tell(shop, returned("A-1", "R-1", {"1": 1000}, at=soon + timedelta(hours=2)))
    return soon


def test_what_lies_a_little_ahead_counts_from_its_receipt(world: World) -> None:
    shop, member = world.shop(), world.member()
    soon = _ahead_of_its_receipt(world, shop, world.click(member, shop, SystemClock().now()))
    received = [row.received_at for row in world.query("SELECT * FROM inbox_events ORDER BY id")]
    assert [row.effective_at for row in postings(world)] == received
    gifts = postings(world, "bonus_tracked", "bonus_confirmed")
    assert [row.effective_at for row in gifts] == received[:2]
    (kept,) = world.query("SELECT ordered_at, hold_ends_at FROM purchases")
    assert kept.ordered_at == soon, "what the shop says of its own day stands"
    with snapshot(world.tools.engine) as session:
        assert liability(session, SystemClock().now()).to_members == rubles(200) + BONUS
    assert never_below_nothing(world)


def test_what_was_let_in_before_counts_from_its_receipt_too(world: World) -> None:
    """Events that waited when the door learnt to refuse them, and a web process whose clock is
    wrong: nothing is lost, and nothing stands in the books of years to come."""
    shop, member = world.shop(), world.member()
    click = world.click(member, shop, SystemClock().now() - timedelta(days=1))
    world.tell(shop, created("A-1", click, 3000, at=SystemClock().now()))
    world.tell_all(shop, {"ahead": confirmed("A-1", at=AHEAD)})
    (received,) = world.query("SELECT received_at FROM inbox_events WHERE webhook_id = 'ahead'")
    assert postings(world, "confirmed")[0].effective_at == received.received_at
    assert world.balance(member).available == rubles(300) + BONUS
    assert never_below_nothing(world)


def test_a_demonstration_whose_days_have_passed_ours_goes_on(world: World) -> None:
    """Its clock runs a day a second: after an hour and a half it is ahead of the real one."""
    shop, member = world.shop(), world.member()
    then = at(world, AHEAD)
    click = world.click(member, shop, AHEAD - timedelta(days=1))
    assert then.post(shop, created("A-1", click, 3000, at=AHEAD)).status_code == 202
    assert then.post(shop, confirmed("A-1", at=AHEAD + timedelta(days=2))).status_code == 422
    dispatcher = Dispatcher(world.tools.engine, world.programme, then.tools.clock.at)
    while dispatcher.handle_chunk():
        pass
    assert [row.effective_at for row in postings(world)] == [AHEAD]


@pytest.mark.parametrize(
    "late",
    [
        [confirmed("A-1", at=day(2))],
        [cancelled("A-1", at=day(2))],
        [confirmed("A-1", at=day(11)), returned("A-1", "R-1", at=day(2))],
        [returned("A-1", "R-1", {"1": 1000}, at=day(2)), confirmed("A-1", at=day(3))],
        [updated("A-1", CLICK, 4000, at=day(5), ordered_at=day(10)), confirmed("A-1", at=day(6))],
        [updated("A-1", None, 3000, at=day(12)), updated("A-1", CLICK, 3000, at=day(13))],
        [confirmed("A-1", at=day(12)), updated("A-1", OTHER, 3000, at=day(11))],
    ],
    ids=[
        "confirmed before",
        "cancelled before",
        "returned before it was confirmed",
        "returned in part, then confirmed",
        "dearer, then confirmed",
        "nobody's, and back",
        "another member's",
    ],
)
def test_nothing_counts_before_what_it_builds_on(world: World, late: list[dict[str, Any]]) -> None:
    shop, member, other = world.shop("tea"), world.member(), world.member()
    clicks = {CLICK: world.click(member, shop), OTHER: world.click(other, shop)}
    for event in [created("A-1", CLICK, 3000, at=day(10)), *late]:
        said = event["data"].get("click_id")
        data = {**event["data"], "click_id": clicks.get(said)}
        world.tell(shop, {**event, "data": data})
    moments = [row.effective_at for row in postings(world)]
    assert moments == sorted(moments)
    assert moments[0] == day(10)
    assert never_below_nothing(world)


@pytest.mark.parametrize("told", [day(2), day(40)], ids=["earlier", "later"])
def test_a_reward_is_not_confirmed_before_it_was_tracked(world: World, told: datetime) -> None:
    shop, inviter = world.shop("tea"), world.member()
    friend = world.member()
    world.change(
        "UPDATE members SET referrer_id = :inviter WHERE id = :friend",
        inviter=inviter,
        friend=friend,
    )
    world.tell(shop, created("A-1", world.click(friend, shop), 3000, at=day(10)))
    world.tell(shop, confirmed("A-1", at=told))
    (tracked, done) = postings(world, "reward_tracked", "reward_confirmed")
    assert (tracked.effective_at, done.effective_at) == (day(10), max(told, day(10)))
    assert never_below_nothing(world)


@pytest.mark.parametrize("told", [15, 25], ids=["before it was put aside", "after"])
def test_nothing_is_let_go_before_it_was_put_aside(world: World, told: float) -> None:
    shop, member = world.shop("tea"), world.member()
    earns(world, shop, member, 300)
    earns(world, shop, member, 100, on=4)
    saver = at(world, day(20)).signed_in(member)
    wish = {"name": "Holidays", "target": "1000.00"}
    assert saver.post("/api/v1/goals", json=wish).status_code == 201
    earns(world, shop, member, 50, on=22)
    assert world.balance(member).reserved == rubles(450) + BONUS
    world.tell(shop, returned(f"order-{member}-1-300", "R-1", at=day(told)))
    (released,) = postings(world, "goal_released")
    assert released.effective_at == max(day(told), day(20))
    assert world.balance(member).reserved == rubles(150) + BONUS
    assert never_below_nothing(world)


def test_a_return_in_what_is_to_come_is_none_of_the_books(world: World) -> None:
    """What members have, what the books say and what is foretold are one."""
    shop, member = world.shop(), world.member()
    earns(world, shop, member, 300)
    answer = world.post(shop, returned(f"order-{member}-1-300", "R-1", at=AHEAD))
    assert answer.status_code == 422
    assert world.prepare("2011-01", FIRST).total == world.balance(member).available
