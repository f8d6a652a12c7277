"""Relatives: what a member is due goes to their numbers, by sums or by shares, once confirmed."""

from collections.abc import Sequence

import pytest

from tests.stories.operators import Operator
from tests.world import World, created, day
from tracker.kit.database import unit_of_work
from tracker.members.rules import normal_phone
from tracker.relatives.service import Wish, add, change, confirm, remove
from tracker.settlement.ports import Answer, Outcome, TopUp
from tracker.staff.rules import Role
from tracker.staff.service import hire

FIRST = day(31)
GRAN, SON = "+79000000091", "+79000000092"


@pytest.fixture
def member(world: World) -> int:
    """Has 300 roubles available at the end of December."""
    shop, member = world.shop(), world.member()
    world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(0)))
    world.end_holds(day(31))
    return member


def relative(world: World, member: int, phone: str, *, confirmed: bool = True, **wish: int) -> int:
    wanted = Wish(wish.get("fixed"), wish.get("share_bp"), "somebody dear")
    with unit_of_work(world.tools.engine) as session:
        made = add(session, world.tools.settings.keys, member, normal_phone(phone), wanted)
        if confirmed:
            confirm(session, made.number_id, day(1))
    return made.id


def paid(world: World, operator: Operator) -> dict[str, int]:
    world.settle("2011-01", FIRST, operator)
    assert world.differences() == []
    return {one.phone: one.amount for one in operator.paid.values()}


def test_sums_and_shares_reach_the_relatives_and_the_rest_the_member(
    world: World, member: int
) -> None:
    relative(world, member, SON, share_bp=5_000)
    relative(world, member, GRAN, fixed=10_000)
    assert paid(world, Operator()) == {GRAN: 10_000, SON: 10_000, world.phone(member): 10_000}
    assert world.balance(member).available == 0


def test_nothing_goes_to_a_number_that_its_owner_has_not_confirmed(
    world: World, member: int
) -> None:
    relative(world, member, GRAN, confirmed=False, fixed=10_000)
    assert paid(world, Operator()) == {world.phone(member): 30_000}


def test_a_relative_taken_off_after_the_seal_is_not_paid(world: World, member: int) -> None:
    gran = relative(world, member, GRAN, fixed=10_000)
    run = world.prepare("2011-01", FIRST)
    assert run.payouts == 2
    with unit_of_work(world.tools.engine) as session:
        remove(session, world.tools.settings.keys, member, gran, day(31))
    assert paid(world, Operator()) == {world.phone(member): 20_000}
    assert world.balance(member).available == 10_000


def test_a_change_after_the_seal_counts_from_the_next_list(world: World, member: int) -> None:
    gran = relative(world, member, GRAN, fixed=10_000)
    world.prepare("2011-01", FIRST)
    with unit_of_work(world.tools.engine) as session:
        wish = Wish(5_000, None)
        change(session, world.tools.settings.keys, member, gran, wish=wish, place=None)
    assert paid(world, Operator()) == {GRAN: 10_000, world.phone(member): 20_000}


def test_two_members_may_pay_to_one_relative(world: World, member: int) -> None:
    shop, other = world.shop("other"), world.member()
    world.tell(shop, created("B-1", world.click(other, shop), 1000, at=day(0)))
    world.end_holds(day(31))
    for one in (member, other):
        relative(world, one, GRAN, share_bp=10_000)
    operator = Operator()
    world.settle("2011-01", FIRST, operator)
    assert [one.phone for one in operator.paid.values()] == [GRAN, GRAN]
    assert world.differences() == []


def test_a_payment_that_fails_comes_back_to_the_member(world: World, member: int) -> None:
    relative(world, member, GRAN, fixed=10_000)

    class GranHasNoPhone(Operator):
        def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
            return [
                Answer(one.key, Outcome.FAILED, reason="number_closed")
                if one.phone == GRAN
                else Operator.submit(self, [one])[0]
                for one in batch
            ]

    assert paid(world, GranHasNoPhone()) == {world.phone(member): 20_000}
    assert world.balance(member).available == 10_000


def test_staff_see_numbers_masked(world: World, member: int) -> None:
    relative(world, member, GRAN, fixed=10_000)
    world.prepare("2011-01", FIRST)
    with unit_of_work(world.tools.engine) as session:
        token = hire(session, world.tools.settings.keys, "vera", Role.VIEWER)
    answer = world.client().get(
        "/admin/api/v1/settlements/2011-01/payouts", headers={"Authorization": f"Bearer {token}"}
    )
    shown = [(one["phone"], one["amount"]) for one in answer.get_json()["items"]]
    assert sorted(shown) == [("+7900*****01", "200.00"), ("+7900*****91", "100.00")]
