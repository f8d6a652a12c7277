"""Orders: whose money goes, in which order, once for each key, within limits."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tests.stories.months import FIRST
from tests.stories.operators import Operator
from tests.tracker.certificates.saving import (
    FREE,
    NOW,
    buy,
    give_back_of,
    issued,
    rich,
    save,
    saved,
    states,
)
from tests.world import Shop, World, day, returned, rubles
from tracker.certificates.models import Certificate
from tracker.certificates.rules import (
    CertificateOver,
    Limits,
    NotEnoughSaved,
    OrderKeyUsed,
    TooManyCertificates,
)
from tracker.goals.rules import GoalNotFound
from tracker.goals.service import change, drop
from tracker.kit.database import unit_of_work
from tracker.ledger.service import Balance
from tracker.members.service import MemberNotFound


@pytest.fixture
def member(world: World, shop: Shop) -> int:
    """A member with 3,000.00."""
    return rich(world, shop, 3_000)


def shares(made: Sequence[Certificate]) -> list[tuple[float, float]]:
    return [(one.amount / 100, one.from_goal / 100) for one in made]


def test_from_what_is_available(world: World, member: int) -> None:
    (one,) = buy(world, member, 1_000)
    assert (one.state, one.amount, one.from_goal, one.goal_id) == (
        "ordered",
        rubles(1_000),
        0,
        None,
    )
    assert world.balance(member) == Balance(0, rubles(2_000), 0, 0)
    assert outstanding(world) == rubles(1_000)
    assert world.differences() == []


def outstanding(world: World) -> int:
    (row,) = world.query(
        "SELECT coalesce(-sum(amount), 0) AS sum FROM ledger_entries"
        " WHERE account = 'certificates_outstanding'"
    )
    return int(row.sum)


def test_a_goal_that_is_reached_is_spent(world: World, member: int) -> None:
    goal = save(world, member, 1_500)
    made = buy(world, member, 1_500, goal=goal)
    assert shares(made) == [(1_500, 1_500)]
    assert world.balance(member) == Balance(0, rubles(1_500), 0, 0)
    (row,) = world.query("SELECT state, reserved FROM goals")
    assert tuple(row) == ("spent", 0)
    assert world.differences() == []


def test_what_the_goal_lacks_is_available(world: World, member: int) -> None:
    """Put aside for a later goal is not: only what no goal has."""
    first = save(world, member, 1_000)
    with unit_of_work(world.tools.engine) as session:
        change(session, first, member, NOW, paused=True, target=rubles(5_000))
    made = buy(world, member, 1_500, goal=first)
    assert shares(made) == [(1_500, 1_000)]
    assert world.balance(member) == Balance(0, rubles(1_500), 0, 0)
    assert world.differences() == []


def test_a_goal_that_is_not_reached_and_nothing_besides(world: World, member: int) -> None:
    goal = save(world, member, 5_000)
    with pytest.raises(NotEnoughSaved):
        buy(world, member, 3_500, goal=goal)
    with pytest.raises(NotEnoughSaved):
        buy(world, member, 100)
    assert shares(buy(world, member, 2_500, goal=goal)) == [(2_500, 2_500)]
    assert saved(world, member) == [rubles(500)]
    assert world.differences() == []


def test_a_goal_that_gave_a_part_is_filled_again(world: World, member: int) -> None:
    goal = save(world, member, 2_000)
    buy(world, member, 1_000, goal=goal)
    assert saved(world, member) == [rubles(2_000)]
    assert world.balance(member) == Balance(0, 0, 0, rubles(2_000))
    assert world.differences() == []


def test_the_first_certificates_of_an_order_take_the_goals_money(world: World, member: int) -> None:
    goal = save(world, member, 1_100)
    made = buy(world, member, 2_850, goal=goal, split=True)
    assert shares(made) == [(2_500, 1_100), (250, 0), (100, 0)]
    assert {one.part for one in made} == {1, 2, 3}
    assert {one.goal_id for one in made} == {goal}
    assert world.balance(member) == Balance(0, rubles(150), 0, 0)
    assert world.differences() == []


def test_the_same_key_is_the_same_order(world: World, member: int) -> None:
    goal = save(world, member, 1_100)
    made = buy(world, member, 1_350, goal=goal, split=True, key="k")
    again = buy(world, member, 1_350, goal=goal, split=True, key="k", now=NOW + timedelta(days=3))
    assert [one.id for one in again] == [one.id for one in made]
    for amount, from_goal in ((1_000, goal), (1_350, None)):
        with pytest.raises(OrderKeyUsed):
            buy(world, member, amount, goal=from_goal, key="k")
    assert world.balance(member) == Balance(0, rubles(1_650), 0, 0)
    assert len(states(world)) == len(made)


def test_the_same_key_of_another_member_is_another_order(
    world: World, shop: Shop, member: int
) -> None:
    other = rich(world, shop, 300)
    buy(world, member, 100, key="k")
    buy(world, other, 100, key="k")
    assert world.balance(other).available == rubles(200)
    assert states(world) == ["ordered", "ordered"]


def test_not_from_another_members_goal_nor_from_one_that_is_over(
    world: World, shop: Shop, member: int
) -> None:
    goal, other = save(world, member, 1_000), rich(world, shop, 2_000)
    with pytest.raises(GoalNotFound):
        buy(world, other, 100, goal=goal)
    with unit_of_work(world.tools.engine) as session:
        drop(session, goal, member, NOW)
    with pytest.raises(GoalNotFound):
        buy(world, member, 100, goal=goal)
    assert states(world) == []


def test_who_has_left_orders_nothing(world: World, member: int) -> None:
    world.change("UPDATE members SET closed_at = now() WHERE id = :id", id=member)
    with pytest.raises(MemberNotFound):
        buy(world, member, 100)


def test_who_owes_orders_nothing(world: World, shop: Shop, member: int) -> None:
    world.settle("2011-01", FIRST, Operator())
    world.tell(shop, returned(f"order-{member}-1-2800.0", "R-1", at=day(40)))
    assert world.balance(member).available < 0
    with pytest.raises(NotEnoughSaved):
        buy(world, member, 100, now=day(41))
    assert world.differences() == []


def test_a_return_after_the_order_becomes_a_debt(world: World, shop: Shop, member: int) -> None:
    """The certificate is a bearer's: it stays good."""
    buy(world, member, 3_000, goal=save(world, member, 3_000))
    issued(world)
    world.tell(shop, returned(f"order-{member}-1-2800.0", "R-1", at=day(6)))
    assert world.balance(member).available < 0
    assert states(world) == ["issued"]
    assert outstanding(world) == rubles(3_000)
    assert world.differences() == []


# -- how much ----------------------------------------------------------------------------


def test_so_many_a_day(world: World, member: int) -> None:
    limits = Limits(per_day=3, sum_per_day=10**12, review_from=10**12)
    evening = datetime(2011, 3, 1, 20, 59, 50, tzinfo=UTC)  # ten seconds to midnight in Moscow
    buy(world, member, 350, split=True, limits=limits, now=evening)
    with pytest.raises(TooManyCertificates) as refused:
        buy(world, member, 200, split=True, limits=limits, now=evening)
    assert refused.value.retry_after == 10
    buy(world, member, 100, limits=limits, now=evening)
    with pytest.raises(TooManyCertificates):
        buy(world, member, 100, limits=limits, now=evening)
    buy(world, member, 300, split=True, limits=limits, now=evening + timedelta(seconds=10))
    assert len(states(world)) == 6


def test_no_more_than_a_sum_a_day(world: World, member: int) -> None:
    limits = Limits(per_day=100, sum_per_day=rubles(1_000), review_from=10**12)
    buy(world, member, 750, limits=limits)
    with pytest.raises(TooManyCertificates):
        buy(world, member, 500, limits=limits)
    buy(world, member, 250, limits=limits)
    buy(world, member, 1_000, limits=limits, now=NOW + timedelta(days=1))


def test_first_ones_that_are_large_together_wait(world: World, member: int) -> None:
    limits = Limits(per_day=100, sum_per_day=10**12, review_from=rubles(1_000))
    buy(world, member, 500, limits=limits)
    issued(world)
    made = buy(world, member, 600, split=True, limits=limits)
    assert [one.state for one in made] == ["review", "review"]
    issued(world)
    assert states(world) == ["issued", "review", "review"]
    world.change("UPDATE certificates SET state = 'ordered', decided_by = 'anna' WHERE id = 2")
    (one,) = buy(world, member, 1_500, limits=limits)
    assert one.state == "ordered", "staff know the member by now"
    assert outstanding(world) == rubles(2_600)
    assert world.differences() == []


# -- and back ----------------------------------------------------------------------------


def test_what_is_undone_goes_back_where_it_came_from(world: World, member: int) -> None:
    goal = save(world, member, 1_000)
    (one,) = buy(world, member, 1_500, goal=goal)
    give_back_of(world, one.id)
    (row,) = world.query("SELECT state, reserved FROM goals")
    assert tuple(row) == ("paused", rubles(1_000))
    assert world.balance(member) == Balance(0, rubles(2_000), 0, rubles(1_000))
    assert outstanding(world) == 0
    with pytest.raises(CertificateOver):
        give_back_of(world, one.id)
    assert world.differences() == []


def test_of_a_dropped_goal_it_is_available(world: World, member: int) -> None:
    goal = save(world, member, 2_000)
    (one,) = buy(world, member, 1_500, goal=goal, limits=FREE)
    with unit_of_work(world.tools.engine) as session:
        drop(session, goal, member, NOW)
    other = save(world, member, 1_800)
    give_back_of(world, one.id)
    assert world.balance(member) == Balance(0, rubles(1_200), 0, rubles(1_800))
    assert other
    assert world.differences() == []


def test_what_comes_back_pays_a_debt_first(world: World, shop: Shop, member: int) -> None:
    (one,) = buy(world, member, 3_000, goal=save(world, member, 3_000))
    world.tell(shop, returned(f"order-{member}-1-2800.0", "R-1", at=day(6)))
    debt = world.balance(member).available
    give_back_of(world, one.id)
    balance = world.balance(member)
    assert (balance.available, balance.reserved) == (0, rubles(3_000) + debt)
    assert world.differences() == []
