"""What one of the staff may credit by claims alone, and what takes two."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from tests.races.together import raised, together
from tests.signing_in import at
from tests.stories.test_claims import claim
from tests.tracker.proposals.test_letting_in import approves
from tests.tracker.team.people import Desk, desk, said
from tests.world import Shop, World, created, day
from tracker.staff.rules import Role

CREDITED = {"outcome": "credited", "reason": "looked at the receipt"}
GIFT = 20_000
"""The welcome bonus that comes with a first purchase."""


@pytest.fixture
def shop(world: World) -> Shop:
    """Half of it comes back: 5,000.00 of an order of 10,000.00."""
    return world.shop(cashback=5000, commission=6000)


@pytest.fixture
def then(world: World, shop: Shop) -> World:
    return at(world, day(5))


def claims(then: World, shop: Shop, member: int, orders: Sequence[str], sum_: float) -> list[int]:
    """Orders that are nobody's; the member's claims of them, for other sums, wait for staff."""
    then.click(member, shop, day(0))
    found = []
    for order in orders:
        then.tell(shop, created(order, None, sum_, at=day(1)))
        told = claim(then, member, order_id=order, amount="1.00").get_json()
        assert told["outcome"] is None
        found.append(told["id"])
    return found


def decides(by: Desk, claim_id: int, **told: Any) -> Any:
    return by.post(f"/claims/{claim_id}/decide", CREDITED | told)


def test_a_friend_is_not_given_half_a_million_by_one_operator(then: World, shop: Shop) -> None:
    friend, olga = then.member(), desk(then, "olga", Role.OPERATOR)
    (one,) = claims(then, shop, friend, ["A-1"], 1_000_000)
    told = decides(olga, one).get_json()
    assert (told["state"], told["outcome"], told["purchase_id"]) == ("with_staff", None, None)
    assert then.balance(friend).pending == 0
    asked = told["proposal"]
    assert asked["says"]["payload"]["cashback"] == "500000.00 RUB"
    assert asked["says"]["seen"]["claimed"] == "1.00 RUB"
    assert said(decides(olga, one)) == (409, "proposal_waits")
    assert approves(olga, asked).status_code == 403
    anna = desk(then, "anna", Role.APPROVER)
    assert approves(anna, asked).status_code == 200
    assert then.balance(friend).pending == 50_000_000 + GIFT
    (row,) = then.query("SELECT state, outcome, decided_by, purchase_id FROM claims")
    assert tuple(row) == ("closed", "credited", "olga", 1)
    assert then.differences() == []


def test_in_parts_it_is_no_less(then: World, shop: Shop) -> None:
    """Neither to one member by several, nor by one to several members, nor the next morning."""
    olga, petr = desk(then, "olga", Role.OPERATOR), desk(then, "petr", Role.OPERATOR)
    first, second = then.members(2)
    mine = claims(then, shop, first, ["A-1", "A-2", "A-3"], 8_000)
    (theirs,) = claims(then, shop, second, ["B-1"], 8_000)
    assert decides(olga, mine[0]).get_json()["outcome"] == "credited"
    assert decides(petr, mine[1]).get_json()["proposal"], "as much to one member"
    assert decides(olga, theirs).get_json()["proposal"], "as much by one operator"
    tomorrow = at(then, day(6.01))
    assert decides(Desk(tomorrow, petr.token), mine[2]).get_json()["outcome"] == "credited"


def test_what_two_agreed_to_does_not_count(then: World, shop: Shop) -> None:
    olga, anna = desk(then, "olga", Role.OPERATOR), desk(then, "anna", Role.APPROVER)
    big, small = then.members(2)
    (large,) = claims(then, shop, big, ["A-1"], 12_000)
    (little,) = claims(then, shop, small, ["B-1"], 8_000)
    assert approves(anna, decides(olga, large).get_json()["proposal"]).status_code == 200
    assert decides(olga, little).get_json()["outcome"] == "credited"


def test_other_answers_are_one_persons(then: World, shop: Shop) -> None:
    olga, friend = desk(then, "olga", Role.OPERATOR), then.member()
    (one,) = claims(then, shop, friend, ["A-1"], 1_000_000)
    told = decides(olga, one, outcome="not_known_to_shop").get_json()
    assert (told["outcome"], told["proposal"]) == ("not_known_to_shop", None)


def test_what_was_answered_meanwhile_is_not_credited(then: World, shop: Shop) -> None:
    olga, anna = desk(then, "olga", Role.OPERATOR), desk(then, "anna", Role.APPROVER)
    friend = then.member()
    (one,) = claims(then, shop, friend, ["A-1"], 1_000_000)
    asked = decides(olga, one).get_json()["proposal"]
    decides(olga, one, outcome="returned")
    assert said(approves(anna, asked)) == (409, "claim_closed")
    assert then.balance(friend).pending == 0


@pytest.mark.parametrize("by_one", [True, False], ids=["one operator", "one member"])
def test_at_once_it_is_no_more(then: World, shop: Shop, by_one: bool) -> None:
    people = [desk(then, f"olga-{n}", Role.OPERATOR) for n in range(4)]
    members = then.members(4)
    asks = []
    for n in range(4):
        whose = members[n] if by_one else members[0]
        (one,) = claims(then, shop, whose, [f"C-{n}"], 8_000)
        asks.append(partial(decides, people[0] if by_one else people[n], one))
    answers = together(*asks)
    assert not raised(answers)
    outcomes = sorted(str(one.get_json()["outcome"]) for one in answers)  # type: ignore[union-attr]
    assert outcomes == ["None"] * 3 + ["credited"]
    assert then.differences() == []
