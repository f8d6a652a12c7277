"""Goals: what is confirmed is put aside at once, the month pays what is above, debts come first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from tests.stories.months import FIRST, earns, started
from tests.stories.operators import Operator, work
from tests.world import BONUS, Shop, World, day, returned, rubles
from tracker.goals.models import Goal
from tracker.goals.queries import goal_of, open_goals_of
from tracker.goals.rules import GoalNotFound, GoalsOutOfDate, TooManyGoals
from tracker.goals.service import change, create, drop, reorder
from tracker.kit.database import unit_of_work
from tracker.ledger.service import Balance
from tracker.settlement.ports import Answer, Outcome, TopUp

NOW = day(5)


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that promises ten percent."""
    return world.shop(cashback=1000)


@pytest.fixture
def member(world: World, shop: Shop) -> int:
    """A member who has 210.00: ten of a purchase, the rest is the welcome bonus."""
    member = world.member()
    earns(world, shop, member, 10)
    assert world.balance(member).available == rubles(210)
    return member


def save(world: World, member: int, target: float, name: str = "a phone") -> int:
    with unit_of_work(world.tools.engine) as session:
        return create(session, member, name, rubles(target), NOW).id


def act(world: World, what: Callable[..., Goal], *arguments: object, **named: object) -> None:
    with unit_of_work(world.tools.engine) as session:
        what(session, *arguments, **named)


def saved(world: World, member: int) -> list[int]:
    with unit_of_work(world.tools.engine) as session:
        return [one.reserved for one in open_goals_of(session, member)]


def test_a_new_goal_takes_what_is_available(world: World, member: int) -> None:
    save(world, member, 150)
    save(world, member, 100)
    assert saved(world, member) == [rubles(150), rubles(60)]
    assert world.balance(member) == Balance(0, 0, 0, rubles(210))
    assert world.differences() == []


def test_what_is_confirmed_is_put_aside_in_the_same_moment(
    world: World, shop: Shop, member: int
) -> None:
    save(world, member, 220)
    earns(world, shop, member, 30, on=6)
    assert saved(world, member) == [rubles(220)]
    assert world.balance(member).available == rubles(20)
    (told,) = world.query("SELECT count(*) FROM notifications WHERE kind = 'goal_reached'")
    assert told.count == 1
    assert world.differences() == []


def test_the_month_pays_what_is_above(world: World, member: int) -> None:
    save(world, member, 150)
    operator = Operator()
    world.settle("2011-01", FIRST, operator)
    assert operator.total == rubles(60)
    assert world.balance(member) == Balance(0, 0, 0, rubles(150))
    assert world.differences() == []


def test_a_goal_made_after_the_seal_keeps_its_money(world: World, member: int) -> None:
    started(world)
    save(world, member, 210)
    operator = Operator()
    work(world, operator)
    assert operator.total == 0
    (payout,) = world.query("SELECT state, reason FROM payouts")
    assert tuple(payout) == ("withheld", "balance_fell")
    assert world.differences() == []


def test_what_the_operator_refuses_is_put_aside(world: World, member: int) -> None:
    goal = save(world, member, 1_000)
    act(world, change, goal, member, NOW, paused=True, target=rubles(100))
    world.settle("2011-01", FIRST, Operator(acts=False, says=Outcome.FAILED))
    assert world.balance(member) == Balance(0, rubles(110), 0, rubles(100))
    act(world, change, goal, member, NOW, paused=False, target=rubles(1_000))
    assert saved(world, member) == [rubles(210)]
    assert world.differences() == []


@dataclass(slots=True)
class Refusing(Operator):
    """Meanwhile the member begins to save."""

    world: World | None = None
    member: int = 0

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        assert self.world is not None
        save(self.world, self.member, 500)
        return [Answer(one.key, Outcome.FAILED, reason="no_such_number") for one in batch]


def test_what_comes_back_while_one_saves_is_put_aside(world: World, member: int) -> None:
    started(world)
    operator = Refusing(world=world, member=member)
    work(world, operator)
    assert saved(world, member) == [rubles(210)]
    assert world.differences() == []


def test_a_return_takes_what_was_saved_last(world: World, shop: Shop, member: int) -> None:
    save(world, member, 150)
    save(world, member, 60)
    earns(world, shop, member, 10, on=6)
    world.settle("2011-01", FIRST, Operator())
    assert world.balance(member) == Balance(0, 0, 0, rubles(210))
    order = f"order-{member}-1-10"
    world.tell(shop, returned(order, "R-1", at=day(40)))
    assert saved(world, member)[0] == rubles(150)
    assert sum(saved(world, member)) < rubles(210)
    assert world.balance(member).available == 0
    assert world.differences() == []


def test_a_lower_sum_lets_go_and_a_dropped_goal_too(world: World, member: int) -> None:
    first, second = save(world, member, 200), save(world, member, 100)
    act(world, change, first, member, NOW, target=rubles(120))
    assert saved(world, member) == [rubles(120), rubles(90)]
    act(world, drop, first, member, NOW)
    assert saved(world, member) == [rubles(100)]
    assert world.balance(member).available == rubles(110)
    with pytest.raises(GoalNotFound):
        act(world, drop, first, member, NOW)
    assert second
    assert world.differences() == []


def test_a_goal_that_is_made_as_small_as_what_it_has_is_reached(world: World, member: int) -> None:
    """And one that was full before stays so: since when, it keeps."""
    full, partly = save(world, member, 100), save(world, member, 200)
    act(world, change, full, member, NOW, target=rubles(60))
    (had,) = saved(world, member)[1:]
    act(world, change, partly, member, day(6), target=had)
    rows = world.query("SELECT reached_at, reserved = target AS is_full FROM goals ORDER BY id")
    assert [tuple(row) for row in rows] == [(NOW, True), (day(6), True)]


def test_another_order_counts_from_now_on(world: World, shop: Shop, member: int) -> None:
    first, second = save(world, member, 200), save(world, member, 100)
    with unit_of_work(world.tools.engine) as session:
        reorder(session, member, [second, first])
    assert saved(world, member) == [rubles(10), rubles(200)]
    earns(world, shop, member, 95, on=6)
    assert saved(world, member) == [rubles(100), rubles(200)]
    assert world.balance(member).available == rubles(5)
    with unit_of_work(world.tools.engine) as session, pytest.raises(GoalsOutOfDate):
        reorder(session, member, [second])


def test_a_stranger_has_none_of_it(world: World, member: int) -> None:
    goal, stranger = save(world, member, 100), world.member()
    with unit_of_work(world.tools.engine) as session, pytest.raises(GoalNotFound):
        drop(session, goal, stranger, NOW)
    with unit_of_work(world.tools.engine) as session, pytest.raises(GoalNotFound):
        goal_of(session, goal, stranger)


def test_there_are_not_too_many(world: World, member: int) -> None:
    for _ in range(20):
        save(world, member, 1)
    with pytest.raises(TooManyGoals):
        save(world, member, 1)


def test_it_is_put_aside_whoever_comes_first(world: World, shop: Shop) -> None:
    """Confirmed while a debt stands: the debt is paid off first."""
    member = world.member()
    earns(world, shop, member, 10)
    world.settle("2011-01", FIRST, Operator())
    world.tell(shop, returned(f"order-{member}-1-10", "R-1", at=day(40)))
    debt = world.balance(member).available
    assert debt < 0
    save(world, member, 1_000)
    earns(world, shop, member, 500, on=20)
    balance = world.balance(member)
    assert (balance.available, balance.reserved) == (0, rubles(500) + BONUS + debt)
    assert world.differences() == []
