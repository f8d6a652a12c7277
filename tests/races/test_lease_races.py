"""Workers that come late: another one has taken over meanwhile, and nothing is written twice."""

from concurrent.futures import ThreadPoolExecutor

from structlog.testing import capture_logs

from tests.races.held import end_leases, held, somebody_waits, wait_until
from tests.webhooks.letters import body
from tests.world import World, created, day, rubles
from tracker.kit.logs import set_up_logs
from webhooks.dispatch import Dispatcher

BONUS = rubles(200)


def test_a_worker_held_up_past_its_lease_writes_nothing(world: World) -> None:
    """It stands still in the middle of booking; a second one takes over and stands there too.

    When both may go on, whoever comes first does not matter: only the second may write.
    """
    shop, member = world.shop(), world.member()
    click = world.click(member, shop)
    world.tell(shop, created("A-0", click, 100, at=day(1)))
    world.post(shop, created("A-1", click, 100, at=day(1)))
    dispatcher = Dispatcher(world.tools.engine, world.programme)
    set_up_logs("WARNING")
    with ThreadPoolExecutor(2) as pool, capture_logs() as logs:
        with held(world, member):
            late = pool.submit(dispatcher.handle_chunk)
            wait_until(lambda: somebody_waits(world))
            end_leases(world)
            second = pool.submit(dispatcher.handle_chunk)
            wait_until(lambda: fences(world) == 1 and attempts(world) == 2)
        assert late.result(30)
        assert second.result(30)
    assert "lease_lost" in {one["event"] for one in logs}
    assert world.balance(member).pending == 2 * rubles(10) + BONUS
    assert {row.state for row in world.query("SELECT state FROM inbox_events")} == {"done"}
    assert world.differences() == []


def test_a_worker_that_lost_its_lease_leaves_nothing_behind(world: World) -> None:
    """Here nobody else does its work, so that whatever there is would be its own."""
    shop, member = world.shop(), world.member()
    click = world.click(member, shop)
    world.tell(shop, created("A-0", click, 100, at=day(1)))
    world.post(shop, created("A-1", click, 100, at=day(1)))
    before = world.query("SELECT count(*) FROM ledger_entries")
    dispatcher = Dispatcher(world.tools.engine, world.programme)
    with ThreadPoolExecutor(1) as pool:
        with held(world, member):
            late = pool.submit(dispatcher.handle_chunk)
            wait_until(lambda: somebody_waits(world))
            world.query("UPDATE inbox_events SET fence = fence + 100 WHERE id = 2 RETURNING id")
        late.result(30)
    assert world.query("SELECT count(*) FROM ledger_entries") == before
    assert world.query("SELECT order_id FROM purchases") == [("A-0",)]
    assert world.query("SELECT state FROM inbox_events WHERE id = 2") == [("waiting",)]
    end_leases(world)
    world.work()
    assert world.balance(member).pending == 2 * rubles(10) + BONUS
    assert world.differences() == []


def fences(world: World) -> int:
    sql = "SELECT count(DISTINCT fence) FROM inbox_events WHERE state = 'waiting'"
    return int(world.query(sql)[0].count)


def attempts(world: World) -> int:
    return int(world.query("SELECT max(attempts) FROM inbox_events")[0].max)


def test_a_poisonous_event_whose_lease_was_lost_holds_nobody_up(world: World) -> None:
    """Its last try fails after another worker took it over: the rest of the chunk goes on."""
    shop, member = world.shop(), world.member()
    click = world.click(member, shop)
    world.tell(shop, created("A-0", click, 100, at=day(1)))
    world.change_as_owner(
        """
        ALTER TABLE purchases
        ADD CONSTRAINT no_poison CHECK (order_id <> 'poison' OR status = 'unmatched')
        """
    )
    world.post(shop, created("poison", click, 100, at=day(1)))
    world.post(shop, body())
    world.query("UPDATE inbox_events SET attempts = 4 WHERE state = 'waiting' RETURNING id")
    dispatcher = Dispatcher(world.tools.engine, world.programme)
    with ThreadPoolExecutor(1) as pool:
        with held(world, member):
            late = pool.submit(dispatcher.handle_chunk)
            wait_until(lambda: somebody_waits(world))
            world.query(
                "UPDATE inbox_events SET fence = fence + 100 WHERE attempts = 5 RETURNING id"
            )
        assert late.result(30)
    end_leases(world)
    world.work()
    states = world.query("SELECT state FROM inbox_events ORDER BY id")
    assert [row.state for row in states] == ["done", "parked", "done"]
    assert world.differences() == []
