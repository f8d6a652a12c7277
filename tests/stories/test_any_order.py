"""Events may come in any order, and twice: the final money is the same.

Many orders of one set of events are told side by side, each of an order and members of its own:
first every order's first event, then every order's second, and so on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import pytest

from tests.world import (
    BONUS,
    Shop,
    World,
    cancelled,
    confirmed,
    created,
    day,
    returned,
    rubles,
    updated,
)
from tracker.clicks.rules import OnHoldEnd, Terms
from tracker.ledger.service import Balance

Event = Mapping[str, Any]
Telling = Callable[[str, Sequence[str]], list[Event]]
"""The events of a set: on orders whose numbers begin with a name, by the clicks of its members."""

NOTHING = Balance(0, 0, 0)
THE_END = day(90)
"""Every hold is over by then."""


@dataclass(frozen=True, slots=True)
class Case:
    """A set of events in one order, and the members whose clicks they name."""

    name: str
    members: tuple[int, ...]
    events: tuple[Event, ...]


def told_in_every_order(
    world: World,
    shop: Shop,
    telling: Telling,
    *,
    clicked_at: Sequence[float] = (0,),
    hold_ends_after: int | None = None,
) -> set[tuple[Balance, ...]]:
    """Tell a set of events in every order; the different ends that it came to.

    Every event comes again a step later under another id (the same id never gets past the door).
    After so many steps the calendar ends all holds; and once more when all is told.
    """
    cases = list(_cases(world, shop, telling, clicked_at))
    for step in range(len(cases[0].events) + 1):
        if step == hold_ends_after:
            world.end_holds(THE_END)
        world.tell_all(shop, _step(cases, step, "first") | _step(cases, step - 1, "again"))
    world.end_holds(THE_END)
    rows = world.query("SELECT * FROM member_balances")
    balances = {row.member_id: Balance(row.pending, row.available, row.in_flight) for row in rows}
    return {tuple(balances.get(member, NOTHING) for member in case.members) for case in cases}


def _cases(
    world: World, shop: Shop, telling: Telling, clicked_at: Sequence[float]
) -> Iterator[Case]:
    orders = list(permutations(range(len(telling("", [""] * len(clicked_at))))))
    people = [world.members(len(orders)) for _ in clicked_at]
    clicks = [
        world.clicks(members, shop, day(at)) for members, at in zip(people, clicked_at, strict=True)
    ]
    for order, members, theirs in zip(
        orders, zip(*people, strict=True), zip(*clicks, strict=True), strict=True
    ):
        name = f"of-{members[0]}"
        events = telling(name, theirs)
        yield Case(name, members, tuple(events[place] for place in order))


def _step(cases: Sequence[Case], step: int, time: str) -> dict[str, Event]:
    if not 0 <= step < len(cases[0].events):
        return {}
    return {f"{case.name}-{step}-{time}": case.events[step] for case in cases}


def bought(order: str, clicks: Sequence[str]) -> list[Event]:
    """A purchase, stated anew, some of it given back, and some more."""
    return [
        created(order, clicks[0], 1000, 500, at=day(0)),
        updated(order, clicks[0], 800, 500, 100, at=day(3)),
        returned(order, "R-1", {"1": 300}, at=day(4)),
        returned(order, "R-2", {"1": 200, "3": 100}, at=day(5)),
    ]


LEFT = rubles(80)
"""The cashback of what is left of it."""


def test_bought_restated_returned_twice_confirmed_and_called_off(world: World) -> None:
    def telling(order: str, clicks: Sequence[str]) -> list[Event]:
        return [
            *bought(order, clicks),
            confirmed(order, at=day(6)),
            cancelled(order, at=day(7)),
        ]

    assert told_in_every_order(world, world.shop(cashback=1000), telling) == {(NOTHING,)}
    assert world.differences() == []


@pytest.mark.parametrize("policy", OnHoldEnd)
def test_bought_restated_returned_and_ended_by_the_calendar(
    world: World, policy: OnHoldEnd
) -> None:
    shop = world.shop(cashback=1000, on_hold_end=policy)
    expected = {
        OnHoldEnd.CONFIRM: Balance(0, LEFT + BONUS, 0),
        OnHoldEnd.REJECT: NOTHING,
        OnHoldEnd.WAIT_FOR_STAFF: Balance(LEFT + BONUS, 0, 0),
    }
    for moment in range(5):
        ends = told_in_every_order(world, shop, bought, hold_ends_after=moment)
        assert ends == {(expected[policy],)}
    assert world.differences() == []


@pytest.mark.parametrize("policy", [OnHoldEnd.REJECT, OnHoldEnd.WAIT_FOR_STAFF])
def test_the_shops_word_wins_over_the_calendars_whenever_it_comes(
    world: World, policy: OnHoldEnd
) -> None:
    def telling(order: str, clicks: Sequence[str]) -> list[Event]:
        first, second, third, _ = bought(order, clicks)
        return [first, second, third, confirmed(order, at=day(6))]

    shop = world.shop(cashback=1000, on_hold_end=policy)
    for moment in range(5):
        ends = told_in_every_order(world, shop, telling, hold_ends_after=moment)
        assert ends == {(Balance(0, rubles(110) + BONUS, 0),)}
    assert world.differences() == []


@pytest.mark.parametrize("theirs", OnHoldEnd)
def test_what_moves_to_another_member_ends_by_that_ones_promise(
    world: World, theirs: OnHoldEnd
) -> None:
    def telling(order: str, clicks: Sequence[str]) -> list[Event]:
        return [
            created(order, clicks[0], 1000, at=day(1), ordered_at=day(0)),
            updated(order, clicks[1], 900, at=day(2)),
            returned(order, "R-1", {"1": 100}, at=day(3)),
        ]

    shop = world.shop(cashback=1000, hold_days=10, on_hold_end=OnHoldEnd.REJECT)
    world.promise(shop, Terms(500, 700, 60, theirs), day(-1))
    expected = {
        OnHoldEnd.CONFIRM: Balance(0, rubles(40) + BONUS, 0),
        OnHoldEnd.REJECT: NOTHING,
        OnHoldEnd.WAIT_FOR_STAFF: Balance(rubles(40) + BONUS, 0, 0),
    }
    for moment in range(4):
        ends = told_in_every_order(
            world, shop, telling, clicked_at=(-2, -1), hold_ends_after=moment
        )
        assert ends == {(NOTHING, expected[theirs])}
    assert world.differences() == []


def test_the_bonus_ends_with_the_first_purchase_that_is_kept(world: World) -> None:
    def telling(order: str, clicks: Sequence[str]) -> list[Event]:
        first, second = f"{order}-1", f"{order}-2"
        return [
            created(first, clicks[0], 1000, at=day(0)),
            created(second, clicks[0], 700, at=day(1)),
            returned(first, "R-1", at=day(2)),
            returned(second, "R-1", {"1": 200}, at=day(3)),
            confirmed(second, at=day(4)),
        ]

    shop = world.shop(cashback=1000)
    assert told_in_every_order(world, shop, telling) == {(Balance(0, rubles(50) + BONUS, 0),)}
    assert world.differences() == []


def test_the_bonus_goes_by_the_moments_as_last_stated(world: World) -> None:
    def telling(order: str, clicks: Sequence[str]) -> list[Event]:
        first, second = f"{order}-1", f"{order}-2"
        return [
            created(first, clicks[0], 1000, at=day(0)),
            created(second, clicks[0], 700, at=day(1)),
            updated(first, clicks[0], 1000, at=day(3), ordered_at=day(2)),
            confirmed(second, at=day(4)),
        ]

    shop = world.shop(cashback=1000, on_hold_end=OnHoldEnd.WAIT_FOR_STAFF)
    assert told_in_every_order(world, shop, telling) == {
        (Balance(rubles(100), rubles(70) + BONUS, 0),)
    }
    assert world.differences() == []


def test_and_is_nobodys_when_none_is_kept(world: World) -> None:
    def telling(order: str, clicks: Sequence[str]) -> list[Event]:
        first, second = f"{order}-1", f"{order}-2"
        return [
            created(first, clicks[0], 1000, at=day(0)),
            created(second, clicks[0], 700, at=day(1)),
            confirmed(first, at=day(2)),
            cancelled(second, at=day(3)),
            cancelled(first, at=day(4)),
        ]

    shop = world.shop(cashback=1000)
    for moment in (None, 3):
        ends = told_in_every_order(world, shop, telling, hold_ends_after=moment)
        assert ends == {(NOTHING,)}
    assert world.differences() == []
