"""Purchases that one of the staff credits to a click, by the event that told of them: how much of
that is one person's, and what takes two."""

from functools import partial
from typing import Any

import pytest
from click.testing import CliRunner

from tests.races.together import raised, together
from tests.signing_in import at
from tests.stories.test_credits_by_hand import GIFT, claims, decides
from tests.tracker.proposals.test_letting_in import approves
from tests.tracker.team.people import Desk, desk, said
from tests.world import Shop, World, created, day, rubles
from tracker.staff.rules import Role
from webhooks.desk.cli import commands


@pytest.fixture
def shop(world: World) -> Shop:
    """Half of it comes back: 5,000.00 of an order of 10,000.00."""
    return world.shop(cashback=5000, commission=6000)


@pytest.fixture
def then(world: World, shop: Shop) -> World:
    return at(world, day(5))


def told_of(then: World, shop: Shop, order: str, sum_: float, click: str | None = None) -> int:
    """An order; the event that told of it."""
    then.tell(shop, created(order, click, sum_, at=day(1)), webhook_id=order)
    return int(then.query("SELECT id FROM inbox_events WHERE webhook_id = :it", it=order)[0].id)


def moves(by: Desk, event: int, click: str) -> Any:
    return by.post(f"/inbox/{event}/reattribute", {"click_id": click, "reason": "they asked"})


def test_a_large_order_is_not_moved_to_a_friend_by_one(then: World, shop: Shop) -> None:
    """From a member who has it to another one."""
    owner, friend = then.members(2)
    event = told_of(then, shop, "A-1", 1_000_000, then.click(owner, shop))
    click = then.click(friend, shop)
    before = then.balance(owner)
    olga, anna = desk(then, "olga", Role.OPERATOR), desk(then, "anna", Role.APPROVER)
    told = moves(olga, event, click).get_json()
    assert told["purchases"] == []
    asked = told["proposal"]
    assert asked["says"]["payload"]["cashback"] == "500000.00 RUB"
    assert asked["says"]["seen"]["to_member"] == friend
    assert asked["says"]["seen"]["are"] == [
        {"purchase_id": 1, "member_id": owner, "ordered": "1000000.00 RUB"}
    ]
    assert (then.balance(owner), then.balance(friend).pending) == (before, 0)
    assert said(moves(olga, event, click)) == (409, "proposal_waits")
    assert approves(olga, asked).status_code == 403
    assert approves(anna, asked).status_code == 200
    assert then.balance(friend).pending == 50_000_000 + GIFT
    (act,) = then.query("SELECT who FROM audit_entries WHERE action = 'purchase.reattribute'")
    assert act.who == "anna"
    assert then.differences() == []


def test_it_counts_together_with_claims(then: World, shop: Shop) -> None:
    first, second = then.members(2)
    olga = desk(then, "olga", Role.OPERATOR)
    (claimed,) = claims(then, shop, first, ["A-1"], 8_000)
    lost = told_of(then, shop, "B-1", 8_000)
    other = told_of(then, shop, "B-2", 1_900)
    click = then.click(second, shop)
    assert decides(olga, claimed).get_json()["outcome"] == "credited"
    assert moves(olga, lost, click).get_json()["proposal"]
    assert moves(olga, other, click).get_json() == {"purchases": [3], "proposal": None}
    assert then.balance(second).pending == rubles(950) + GIFT


def test_what_two_agreed_to_counts_no_more(then: World, shop: Shop) -> None:
    """Nor what the console did; a day later the limit is there anew."""
    olga, anna = desk(then, "olga", Role.OPERATOR), desk(then, "anna", Role.APPROVER)
    friend = then.member()
    click = then.click(friend, shop)
    events = [told_of(then, shop, f"A-{n}", 9_000) for n in range(4)]
    assert moves(olga, events[0], click).get_json()["purchases"]
    asked = moves(olga, events[1], click).get_json()["proposal"]
    assert approves(anna, asked).status_code == 200
    waits = moves(olga, events[2], click).get_json()["proposal"]
    given = ["reattribute", str(events[0]), "--click", click, "--reason", "seen"]
    CliRunner().invoke(commands, given, obj=lambda: then.tools, catch_exceptions=False)
    assert moves(olga, events[3], click).get_json()["purchases"]
    tomorrow = Desk(at(then, day(6.01)), olga.token)
    assert moves(tomorrow, events[2], click).get_json()["purchases"]
    assert said(approves(anna, waits)) == (409, "proposal_stale")


def test_another_moment_at_the_console_is_no_way_round(then: World, shop: Shop) -> None:
    olga = desk(then, "olga", Role.OPERATOR)
    click = then.click(then.member(), shop)
    given = ["--click", click, "--reason", "why", "--token", str(olga.token), "--as-of"]
    for order, answer in (("A-1", "purchases"), ("A-2", "proposal")):
        event = told_of(then, shop, order, 9_000)
        asked = ["reattribute", str(event), *given, day(2).isoformat()]
        ran = CliRunner().invoke(commands, asked, obj=lambda: then.tools, catch_exceptions=False)
        assert answer in ran.stdout
        assert ("proposal" in ran.stdout) == (answer == "proposal")


def test_what_became_otherwise_meanwhile_is_not_moved(then: World, shop: Shop) -> None:
    olga, anna = desk(then, "olga", Role.OPERATOR), desk(then, "anna", Role.APPROVER)
    click = then.click(then.member(), shop)
    event = told_of(then, shop, "A-1", 1_000_000)
    asked = moves(olga, event, click).get_json()["proposal"]
    then.tell(shop, created("A-1", None, 2_000_000, at=day(2), kind="updated", ordered_at=day(1)))
    assert said(approves(anna, asked)) == (409, "proposal_stale")
    assert said(moves(olga, event, "clk_none")) == (404, "click_not_found")


def test_at_once_it_is_no_more(then: World, shop: Shop) -> None:
    olga = desk(then, "olga", Role.OPERATOR)
    asks = []
    for n, member in enumerate(then.members(4)):
        event = told_of(then, shop, f"A-{n}", 8_000)
        asks.append(partial(moves, olga, event, then.click(member, shop)))
    answers = together(*asks)
    assert not raised(answers)
    proposed = [one.get_json()["proposal"] is not None for one in answers]  # type: ignore[union-attr]
    assert sorted(proposed) == [False, True, True, True]
    assert then.differences() == []
