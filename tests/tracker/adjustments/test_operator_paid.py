"""What the operator paid although our books have it as refused: taken back, and owed to it."""

from dataclasses import replace
from typing import Any

import pytest

from tests.cabinets import adds_up
from tests.stories.months import earns
from tests.tracker.adjustments.staff import DESK, Pair, booked, told, wish
from tests.world import Shop, World, day
from tracker.settlement.ports import Answer, Outcome


class Refusing:
    """An operator that says no."""

    def __init__(self, world: World) -> None:
        self._obeys = world.billing

    def submit(self, batch: Any) -> list[Answer]:
        return [Answer(one.key, Outcome.FAILED, reason="number_closed") for one in batch]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._obeys, name)


@pytest.fixture
def payout(world: World, shop: Shop, member: int) -> int:
    """One of 100.00 that the operator says it refused."""
    earns(world, shop, member, 1000, on=1)
    (bonus,) = world.query("SELECT available FROM member_balances")
    world.settle("2011-01", day(31), Refusing(world))
    (row,) = world.query("SELECT id, amount, state FROM payouts")
    assert (row.state, row.amount) == ("failed", bonus.available)
    return int(row.id)


def test_what_the_operator_paid_after_all_is_owed_to_it(
    world: World, member: int, pair: Pair, payout: int
) -> None:
    (row,) = world.query("SELECT amount FROM payouts")
    amount = f"{row.amount // 100}.{row.amount % 100:02}"
    paid = {"cause": "operator_paid", "payout_id": payout}
    for wrong in (
        wish(member, "debit", "1.00", **paid),
        wish(world.member(), "debit", amount, **paid),
        wish(member, "debit", amount, **paid | {"payout_id": payout + 1}),
    ):
        assert told(pair.olga.post(DESK, json=wrong)) == (409, "payout_not_refused")
    of_no_payout = pair.olga.post(DESK, json=wish(member, "debit", amount, cause="operator_paid"))
    assert of_no_payout.get_json()["errors"] == [
        {"field": "payout_id", "reason": "is missing: operator_paid is of a payout"}
    ]
    before = world.balance(member).available
    done = pair.adjust(member, "debit", amount, **paid)
    assert world.balance(member).available == before - row.amount
    assert [one[2] for one in booked(world)] == ["owed_to_operator", "member_available"]
    assert booked(world)[0][4] == -row.amount
    again = pair.olga.post(DESK, json=wish(member, "debit", amount, **paid))
    assert told(again) == (409, "payout_taken_back")
    assert done["payout_id"] == payout
    adds_up(world, member, world.signed_in(member))
    assert world.differences() == []


def test_such_a_payout_may_be_larger_than_the_limit(world: World, member: int, payout: int) -> None:
    settings = replace(world.tools.settings, adjustment_max=100)
    pair = Pair(World(replace(world.tools, settings=settings)))
    (row,) = world.query("SELECT amount FROM payouts")
    assert row.amount > 100
    paid = {"cause": "operator_paid", "payout_id": payout}
    pair.adjust(member, "debit", f"{row.amount / 100:.2f}", **paid)
