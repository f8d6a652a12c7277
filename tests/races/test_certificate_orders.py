"""Many at once at one member's money: it goes into as many certificates as it is for."""

from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from tests.races.together import raised, together
from tests.stories.months import started
from tests.stories.operators import Operator, work
from tests.tracker.certificates.saving import (
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
from tracker.certificates.issuing import claim
from tracker.certificates.jobs import issue_some
from tracker.certificates.rules import CertificateOver, Limits, NotEnoughSaved, TooManyCertificates
from tracker.goals.rules import GoalNotFound
from tracker.goals.service import drop
from tracker.kit.database import unit_of_work
from tracker.ledger.service import Balance

AT_ONCE = 50


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that promises ten percent."""
    return world.shop(cashback=1000)


def outstanding(world: World) -> int:
    (row,) = world.query(
        "SELECT coalesce(-sum(amount), 0) AS sum FROM ledger_entries"
        " WHERE account = 'certificates_outstanding'"
    )
    return int(row.sum)


def tell_of(result: object) -> str:
    return type(result).__name__ if isinstance(result, BaseException) else "ordered"


@pytest.mark.parametrize("saves", [True, False])
def test_fifty_orders_against_money_for_one(world: World, shop: Shop, saves: bool) -> None:
    member = rich(world, shop, 1_499)
    goal = save(world, member, 1_499) if saves else None
    order = partial(buy, world, member, 1_000, goal=goal)
    results = together(*(order for _ in range(AT_ONCE)))
    assert Counter(map(tell_of, results)) == {"ordered": 1, "NotEnoughSaved": AT_ONCE - 1}
    assert all(isinstance(one, NotEnoughSaved) for one in raised(results))
    assert states(world) == ["ordered"]
    assert outstanding(world) == rubles(1_000)
    left = world.balance(member)
    assert left.available + left.reserved == rubles(499)
    assert world.differences() == []


def test_fifty_times_the_same_order(world: World, shop: Shop) -> None:
    """Money for all of them is there: it is taken once."""
    member = rich(world, shop, 60_000)
    order = partial(buy, world, member, 1_000, key="the same")
    results = together(*(order for _ in range(AT_ONCE)))
    assert raised(results) == []
    assert len({one.id for made in results if isinstance(made, list) for one in made}) == 1
    assert outstanding(world) == rubles(1_000)
    assert world.differences() == []


def test_no_more_than_a_day_allows(world: World, shop: Shop) -> None:
    member = rich(world, shop, 60_000)
    limits = Limits(per_day=10, sum_per_day=10**12, review_from=10**12)
    order = partial(buy, world, member, 100, limits=limits)
    results = together(*(order for _ in range(AT_ONCE)))
    assert len(states(world)) == 10
    assert all(isinstance(one, TooManyCertificates) for one in raised(results))


def test_an_order_against_the_month(world: World, shop: Shop) -> None:
    """What was sealed and is not there any more is withheld; what was sent is not spent again."""
    members = [rich(world, shop, 1_000) for _ in range(12)]
    started(world)
    operator = Operator()
    orders: list[Callable[[], object]] = [partial(buy, world, one, 1_000) for one in members]
    results = together(partial(work, world, operator), *orders)
    assert all(isinstance(one, NotEnoughSaved) for one in raised(results))
    made = len(states(world))
    assert outstanding(world) == rubles(1_000) * made
    assert operator.total == rubles(1_000) * (len(members) - made)
    assert {world.balance(one) for one in members} == {Balance(0, 0, 0, 0)}
    assert world.differences() == []


def test_an_order_against_giving_the_goal_up(world: World, shop: Shop) -> None:
    for _ in range(6):
        member = rich(world, shop, 1_000)
        goal = save(world, member, 1_000)

        def give_up(goal: int = goal, member: int = member) -> None:
            with unit_of_work(world.tools.engine) as session:
                drop(session, goal, member, NOW)

        results = together(partial(buy, world, member, 1_000, goal=goal), give_up)
        (lost,) = raised(results)
        assert isinstance(lost, GoalNotFound)
        balance = world.balance(member)
        assert (balance.available, balance.reserved) in ((0, 0), (rubles(1_000), 0))
    assert world.differences() == []


def test_an_order_against_a_return(world: World, shop: Shop) -> None:
    """Whoever comes first: the certificate stands and the member owes, or there is none."""
    for _ in range(6):
        member = rich(world, shop, 1_000)
        goal = save(world, member, 1_000)
        before = len(states(world))
        back = returned(f"order-{member}-1-800.0", "R-1", at=day(4))
        together(partial(buy, world, member, 1_000, goal=goal), partial(world.tell, shop, back))
        made = len(states(world)) - before
        balance = world.balance(member)
        assert (balance.available < 0) == (made == 1)
        assert sum(saved(world, member)) == balance.reserved
    assert world.differences() == []


def test_workers_side_by_side_issue_each_once(
    world: World, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.certificates.jobs.CHUNK", 3)
    members = [rich(world, shop, 1_000) for _ in range(4)]
    for member in members:
        buy(world, member, 900, split=True)
    waiting = len(states(world))

    def worker() -> int:
        count = 0
        while found := issue_some(world.tools.engine, NOW, None):
            count += found
        return count

    results = together(*(worker for _ in range(5)))
    assert raised(results) == []
    assert sum(one for one in results if isinstance(one, int)) == waiting
    assert set(states(world)) == {"issued"}
    (told,) = world.query("SELECT count(*) FROM notifications WHERE kind = 'certificate_issued'")
    assert told.count == waiting


def test_undone_while_it_is_issued(world: World, shop: Shop) -> None:
    """It may have been issued or not: its money is the member's again, once."""
    for _ in range(6):
        member = rich(world, shop, 1_000)
        (one,) = buy(world, member, 1_000, goal=save(world, member, 1_000))
        undo = partial(give_back_of, world, one.id)
        results = together(partial(issued, world), undo, undo, undo)
        assert [type(error) for error in raised(results)] == [CertificateOver] * 2
        assert states(world)[-1] == "voided"
        assert world.balance(member) == Balance(0, 0, 0, rubles(1_000))
    with unit_of_work(world.tools.engine) as session:
        assert not claim(session, 10).certificates
    assert world.differences() == []
