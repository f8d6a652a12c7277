"""What members do after the seal: nobody is paid who should not be, and no money is lost."""

import pytest

from tests.stories.months import FIRST, earns, started
from tests.stories.operators import Operator, work
from tests.world import Shop, World, day
from tracker.kit.database import unit_of_work
from tracker.members.rules import Ended, normal_phone
from tracker.members.service import Newcomer, end_number, join_many
from tracker.purchases.service import Programme
from tracker.relatives.service import Wish, add, confirm
from tracker.settlement.lists.bridge import bridge_of

GRAN = "+79000000091"


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that promises ten percent; and no welcome bonus, so that sums are seen through."""
    world.programme = Programme(welcome_bonus=0)
    return world.shop(cashback=1000)


def wants(world: World, member: int, *, payment: bool) -> None:
    world.change(
        "UPDATE members SET auto_payment = :wants WHERE id = :id", wants=payment, id=member
    )


def stand(world: World, period: str = "2011-01") -> list[tuple[str, str | None]]:
    rows = world.query(
        "SELECT state, reason FROM payouts WHERE period = :period ORDER BY id", period=period
    )
    return [(row.state, row.reason) for row in rows]


def steps(world: World, period: str) -> dict[str, int]:
    with unit_of_work(world.tools.engine) as session:
        return {one.step: one.amount for one in bridge_of(session, period).lines if one.amount}


def sent(world: World) -> dict[str, int]:
    operator = Operator()
    work(world, operator)
    assert world.differences() == []
    return {one.phone: one.amount for one in operator.paid.values()}


def test_who_turns_the_payment_off_and_on_again_is_paid(world: World, shop: Shop) -> None:
    member = world.member()
    earns(world, shop, member, 10)
    started(world)
    wants(world, member, payment=False)
    wants(world, member, payment=True)
    assert sent(world) == {world.phone(member): 1_000}


def test_who_turns_it_off_after_the_seal_keeps_the_money_for_another_month(
    world: World, shop: Shop
) -> None:
    member = world.member()
    earns(world, shop, member, 10)
    started(world)
    wants(world, member, payment=False)
    assert sent(world) == {}
    assert stand(world) == [("withheld", "member_changed")]
    # On again: it is the next list's, not this one's.
    wants(world, member, payment=True)
    assert sent(world) == {}
    world.prepare("2011-02", day(62))
    assert steps(world, "2011-02") == {
        "available_before": 1_000,
        "available_now": 1_000,
        "total": 1_000,
    }


def test_who_joins_after_the_seal_is_on_the_next_list(world: World, shop: Shop) -> None:
    one = world.member()
    earns(world, shop, one, 10)
    started(world)
    late = world.member(joined=day(31.5))
    earns(world, shop, late, 20)
    assert sent(world) == {world.phone(one): 1_000}
    world.prepare("2011-02", day(62))
    assert steps(world, "2011-02")["total"] == 2_000


def test_a_relatives_number_whose_holder_joins_after_the_seal_is_not_paid_by_another(
    world: World, shop: Shop
) -> None:
    member = world.member()
    earns(world, shop, member, 10)
    keys = world.tools.settings.keys
    with unit_of_work(world.tools.engine) as session:
        made = add(session, keys, member, normal_phone(GRAN), Wish(400, None, "gran"))
        confirm(session, made.number_id, day(1))
    started(world)
    with unit_of_work(world.tools.engine) as session:
        end_number(session, made.number_id, Ended.TAKEN_OVER, day(31.5))
        join_many(session, keys, [Newcomer(GRAN, day(31.5))], day(31.5))
    assert sent(world) == {world.phone(member): 600}
    assert sorted(stand(world)) == [("paid", None), ("withheld", "member_changed")]
    assert world.balance(member).available == 400


def test_who_leaves_between_two_lists_is_told_in_the_bridge(world: World, shop: Shop) -> None:
    member, other = world.members(2)
    earns(world, shop, member, 10)
    earns(world, shop, other, 20)
    started(world)
    world.change("UPDATE members SET closed_at = now() WHERE id = :id", id=member)
    assert sent(world) == {world.phone(other): 2_000}
    world.prepare("2011-02", day(62))
    assert steps(world, "2011-02") == {
        "available_before": 3_000,
        "payout_submitted": -2_000,
        "available_now": 1_000,
        "closed": -1_000,
    }


@pytest.mark.parametrize("approved_first", [False, True])
def test_what_is_earned_between_the_seal_and_the_approval_is_the_next_months(
    world: World, shop: Shop, *, approved_first: bool
) -> None:
    member = world.member()
    earns(world, shop, member, 10)
    run = world.prepare("2011-01", FIRST)
    if approved_first:
        started(world)
    earns(world, shop, member, 20, on=5)
    assert world.prepare("2011-01", FIRST).sha256 == run.sha256
    if not approved_first:
        started(world)
    assert sent(world) == {world.phone(member): 1_000}
    assert world.balance(member).available == 2_000
