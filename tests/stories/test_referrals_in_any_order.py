"""What friends' purchases bring the inviter does not depend on the order in which shops tell."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import permutations

import pytest

from tests.inviting import REWARD, newcomers
from tests.stories.reports import (
    THE_END,
    book_all,
    cancellation,
    confirmation,
    given_back,
    stated,
)
from tests.world import BONUS, Shop, World, day
from tracker.clicks.rules import OnHoldEnd
from tracker.purchases.contracts import PurchaseReport
from tracker.purchases.service import Programme

Telling = Callable[[str, Sequence[str]], list[PurchaseReport]]
"""The reports on the orders of an inviter's two friends: by a name, and by their clicks."""


def ends_in_every_order(world: World, shop: Shop, telling: Telling, ends_after: int) -> set[int]:
    """Tell a set of reports in every order, each again a step later, each order to an inviter of
    its own; what the different inviters have in the end, in kopecks.

    The calendar ends the holds after so many steps, and once more when all is told.
    """
    size = len(telling("", ("", "")))
    orders = list(permutations(range(size)))
    inviters = newcomers(world, len(orders))
    friends = [newcomers(world, 2, inviter) for inviter in inviters]
    clicks = world.clicks([one for pair in friends for one in pair], shop, day(0))
    cases = [
        [telling(f"of-{inviter}", clicks[2 * number : 2 * number + 2])[place] for place in order]
        for number, (inviter, order) in enumerate(zip(inviters, orders, strict=True))
    ]
    for step in range(size + 1):
        told = [case[step] for case in cases if step < size]
        again = [case[step - 1] for case in cases if step]
        reports = [*told, *(replace(one, source=f"{one.source}-again") for one in again)]
        for start in range(0, len(reports), 500):
            assert book_all(world, *reports[start : start + 500]) == []
        if step == ends_after:
            world.end_holds(THE_END)
    world.end_holds(THE_END)
    assert world.differences() == []
    balances = [world.balance(inviter) for inviter in inviters]
    assert all(one.pending == 0 for one in balances)
    return {one.available for one in balances}


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop whose hold ends with a confirmation."""
    return world.shop(cashback=1000)


def bought(shop: Shop, order: str, click: str, *, on: float) -> PurchaseReport:
    return stated(shop, order, click, {"1": 100}, at=day(on), ordered_at=day(on), source=order)


@pytest.mark.parametrize("ends_after", [1, 4, 9])
def test_the_first_purchase_decides_whenever_it_is_told_of(
    world: World, shop: Shop, ends_after: int
) -> None:
    """One friend's first is called off, and two others are kept; the other friend keeps all."""

    def telling(name: str, clicks: Sequence[str]) -> list[PurchaseReport]:
        return [
            bought(shop, f"{name}-first", clicks[0], on=1),
            cancellation(shop, f"{name}-first"),
            bought(shop, f"{name}-second", clicks[0], on=2),
            confirmation(shop, f"{name}-second"),
            bought(shop, f"{name}-other", clicks[1], on=1),
        ]

    assert ends_in_every_order(world, shop, telling, ends_after) == {REWARD}


@pytest.mark.parametrize("reward", [REWARD, REWARD // 2])
def test_room_is_filled_in_any_order(world: World, shop: Shop, reward: int) -> None:
    """There is room for one, or for both."""
    world.programme = Programme(BONUS, referral_reward=reward, referral_ceiling=REWARD)

    def telling(name: str, clicks: Sequence[str]) -> list[PurchaseReport]:
        one, other = f"{name}-one", f"{name}-other"
        return [
            bought(shop, one, clicks[0], on=1),
            confirmation(shop, one),
            given_back(shop, one, "R-1", {"1": 40}),
            bought(shop, other, clicks[1], on=2),
            confirmation(shop, other),
        ]

    assert ends_in_every_order(world, shop, telling, 3) == {REWARD}


def test_who_is_called_off_makes_room_whenever_that_is_told(world: World, shop: Shop) -> None:
    world.programme = Programme(BONUS, referral_ceiling=REWARD)

    def telling(name: str, clicks: Sequence[str]) -> list[PurchaseReport]:
        one, other = f"{name}-one", f"{name}-other"
        return [
            bought(shop, one, clicks[0], on=1),
            cancellation(shop, one),
            bought(shop, other, clicks[1], on=2),
            confirmation(shop, other),
        ]

    for ends_after in range(5):
        assert ends_in_every_order(world, shop, telling, ends_after) == {REWARD}


def test_an_order_put_right_is_the_first_or_is_not(world: World) -> None:
    """What was ordered last is put right to have been ordered first, and that is rejected."""
    shop = world.shop(cashback=1000, on_hold_end=OnHoldEnd.REJECT)

    def telling(name: str, clicks: Sequence[str]) -> list[PurchaseReport]:
        late = f"{name}-late"
        right = stated(
            shop, late, clicks[0], {"1": 100}, at=day(4), ordered_at=day(0.5), amended=True
        )
        return [
            bought(shop, f"{name}-first", clicks[0], on=1),
            confirmation(shop, f"{name}-first"),
            bought(shop, late, clicks[0], on=2),
            right,
        ]

    for ends_after in range(5):
        assert ends_in_every_order(world, shop, telling, ends_after) == {0}
