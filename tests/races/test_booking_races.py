"""Several workers at the same few purchases and members."""

from collections.abc import Callable
from functools import partial

import pytest
from structlog.testing import capture_logs

from tests.races import scene
from tests.races.scene import Books
from tests.races.together import raised, together
from tests.world import World, cancelled, confirmed, created, day, rubles
from tracker.clicks.rules import OnHoldEnd
from tracker.kit.logs import set_up_logs
from tracker.kit.runtime import Runtime
from webhooks.dispatch import CHUNK, Dispatcher

BONUS = rubles(200)


def drain(world: World) -> None:
    world.work()


@pytest.mark.parametrize("workers", [2, 5])
def test_workers_side_by_side_book_the_same_as_one(
    tools: Runtime, undisturbed: Books, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In small chunks, so that they meet at the same purchases and members all the time."""
    assert CHUNK >= 100
    monkeypatch.setattr("webhooks.dispatch.CHUNK", 7)
    world = World(tools)
    sent = scene.tell(world)
    set_up_logs("WARNING")
    with capture_logs() as logs:
        results = together(*(partial(drain, world) for _ in range(workers)))
    assert raised(results) == []
    # Of booking: the counts of another test's door may come late, to a database that has gone.
    assert [one for one in logs if one["room"] != "observations"] == []
    assert world.query("SELECT max(attempts) FROM inbox_events")[0].max == 1
    assert world.query("SELECT count(*) FROM inbox_events WHERE state = 'done'")[0].count == sent
    assert scene.close(world) == undisturbed


def test_workers_and_the_calendar_side_by_side(tools: Runtime, undisturbed: Books) -> None:
    """Holds end while events of the same purchases are booked: corrections make it even."""
    world = World(tools)
    scene.tell(world)

    def calendar() -> None:
        for number in range(60):
            world.end_holds(day(number))

    results = together(partial(drain, world), calendar, partial(drain, world), calendar)
    assert raised(results) == []
    assert scene.close(world) == undisturbed


@pytest.mark.parametrize("policy", [OnHoldEnd.CONFIRM, OnHoldEnd.REJECT])
def test_confirm_against_cancel_against_the_end_of_the_hold(
    world: World, policy: OnHoldEnd
) -> None:
    """Whoever comes first, a purchase that was called off earns nothing, another what it ought."""
    shop = world.shop(on_hold_end=policy)
    members = [world.member() for _ in range(3)]
    orders = 12
    for number in range(orders):
        member = members[number % 3]
        world.tell(shop, created(f"A-{number}", world.click(member, shop), 100, at=day(1)))
    for number in range(orders):
        world.post(shop, confirmed(f"A-{number}", at=day(31)))
        if number % 2:
            world.post(shop, cancelled(f"A-{number}", at=day(31)))
    dispatcher = Dispatcher(world.tools.engine, world.programme)

    def one_by_one() -> None:
        while dispatcher.handle_chunk():
            pass

    calls: list[Callable[[], object]] = [one_by_one, one_by_one, partial(world.end_holds, day(31))]
    assert raised(together(*calls)) == []
    statuses = world.query("SELECT order_id, status FROM purchases ORDER BY id")
    assert {row.order_id: row.status for row in statuses} == {
        f"A-{number}": "rejected" if number % 2 else "confirmed" for number in range(orders)
    }
    for member in members:
        assert world.balance(member).available == 2 * rubles(10) + BONUS
        assert world.balance(member).pending == 0
    assert world.differences() == []


def test_two_calendars_at_once_end_each_hold_once(world: World) -> None:
    shop, member = world.shop(), world.member()
    click = world.click(member, shop)
    for number in range(30):
        world.post(shop, created(f"A-{number}", click, 100, at=day(1)))
    world.work()
    ended = together(*(partial(world.end_holds, day(40)) for _ in range(4)))
    assert raised(ended) == []
    world.end_holds(day(40))
    assert world.balance(member).available == 30 * rubles(10) + BONUS
    assert (
        world.query("SELECT count(*) FROM ledger_transactions WHERE kind = 'confirmed'")[0].count
        == 30
    )
    assert world.differences() == []
