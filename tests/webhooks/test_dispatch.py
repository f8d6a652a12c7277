"""From the inbox to the books: what is parked and why, and that the others flow."""

from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from tests.webhooks.letters import body
from tests.world import Shop, World, created, day, returned, rubles
from tracker.kit.database import unit_of_work
from tracker.kit.logs import set_up_logs
from tracker.kit.tasks import OutOfTime
from tracker.purchases.service import Programme
from webhooks.dispatch import Dispatcher
from webhooks.inbox.work import MAX_ATTEMPTS, claim, retry

BONUS = rubles(200)


def poisonous(click: str) -> dict[str, Any]:
    """An event that the door takes, and that no booking of it survives."""
    return created("poison", click, 100, at=day(1))


def inbox(world: World) -> list[Any]:
    return world.query("SELECT * FROM inbox_events ORDER BY id")


def pass_time(world: World) -> None:
    """What rests after a failure has rested."""
    with unit_of_work(world.tools.engine) as session:
        session.execute(text("UPDATE inbox_events SET lease_until = clock_timestamp()"))


@pytest.fixture
def rich(world: World) -> Shop:
    """A shop one of whose orders the database does not take."""
    world.change_as_owner(
        "ALTER TABLE purchases ADD CONSTRAINT no_poison CHECK (order_id <> 'poison')"
    )
    return world.shop("rich", cashback=5000, commission=5200)


def test_a_poisonous_event_harms_no_other_and_is_parked_with_its_reason(
    world: World, rich: Shop
) -> None:
    member = world.member()
    click = world.click(member, rich)
    world.post(rich, created("before", click, 100, at=day(1)))
    world.post(rich, poisonous(click))
    world.post(rich, created("after", click, 200, at=day(1)))
    world.work()
    assert [one.state for one in inbox(world)] == ["done", "waiting", "done"]
    assert world.balance(member).pending == rubles(150) + BONUS

    for tries in range(2, MAX_ATTEMPTS + 1):
        assert inbox(world)[1].state == "waiting"
        pass_time(world)
        world.work()
        assert inbox(world)[1].attempts == tries
    parked = inbox(world)[1]
    assert (parked.state, parked.parked_reason) == ("parked", "keeps_failing")
    assert "CheckViolation" in parked.parked_detail
    assert world.differences() == []


def test_a_failing_event_waits_longer_each_time(world: World, rich: Shop) -> None:
    world.post(rich, poisonous(world.click(world.member(), rich)))
    rests = []
    for _ in range(MAX_ATTEMPTS - 1):
        pass_time(world)
        world.work()
        sql = "SELECT extract(epoch FROM lease_until - clock_timestamp()) AS left FROM inbox_events"
        rests.append(round(float(world.query(sql)[0].left)))
    assert rests == [2, 4, 8, 16]


def test_what_is_logged_of_a_failure_holds_nobodys_data(world: World, rich: Shop) -> None:
    click = world.click(world.member(), rich)
    world.post(rich, poisonous(click))
    with capture_logs() as logs:
        world.work()
    (failed,) = [one for one in logs if one["event"] == "event_failed"]
    assert failed["event_id"] == inbox(world)[0].id
    assert click not in repr(logs)
    assert "parameters:" not in repr(logs).replace("SQL parameters hidden", "")


def test_events_that_cannot_be_booked_are_parked_at_once(world: World) -> None:
    shop, member = world.shop(), world.member()
    click = world.click(member, shop)
    abroad = created("A-1", click, 100, at=day(1))
    abroad["data"]["currency"] = "EUR"
    world.post(shop, abroad)
    world.post(shop, created("A-2", click, 100, at=day(1)))
    world.post(shop, returned("A-2", "R-1", {"1": 40}, at=day(2)))
    world.post(shop, returned("A-2", "R-1", {"1": 50}, at=day(2)))
    world.work()
    assert [(one.state, one.parked_reason) for one in inbox(world)] == [
        ("parked", "currency_not_taken"),
        ("done", None),
        ("done", None),
        ("parked", "return_differs"),
    ]
    assert {one.attempts for one in inbox(world)} == {1}
    assert world.balance(member).pending == rubles(6) + BONUS
    assert world.differences() == []


def test_what_no_release_of_ours_would_have_stored_is_parked_as_unreadable(world: World) -> None:
    shop = world.shop()
    world.store(shop, {"0": b"{", "1": b"[]", "2": b"\xff"})
    world.post(shop, body())
    world.work()
    states = [(one.state, one.parked_reason) for one in inbox(world)]
    assert states == [("parked", "unreadable")] * 3 + [("done", None)]


def test_a_parked_event_that_is_let_try_again_is_booked_if_it_can_be(world: World) -> None:
    shop, member = world.shop(), world.member()
    click = world.click(member, shop)
    world.post(shop, created("A-1", click, 100, at=day(1)))
    with unit_of_work(world.tools.engine) as session:
        (event,) = claim(session, 1).events
        session.execute(
            text("UPDATE inbox_events SET state = 'parked', parked_reason = 'keeps_failing'")
        )
    world.work()
    assert world.balance(member).pending == 0
    with unit_of_work(world.tools.engine) as session:
        assert retry(session, [event.id]) == {event.id: "parked"}
    world.work()
    assert world.balance(member).pending == rubles(10) + BONUS
    assert world.differences() == []


class Overrun(Programme):
    """Figures that cannot be read before the job's time is up."""

    def __getattribute__(self, name: str) -> Any:
        if name == "welcome_bonus":
            raise OutOfTime
        return super().__getattribute__(name)


def test_the_end_of_a_jobs_time_is_no_events_fault(world: World) -> None:
    """RQ's alarm is an Exception like any other, and must not be taken for an event's."""
    shop, member = world.shop(), world.member()
    world.post(shop, created("A-1", world.click(member, shop), 100, at=day(1)))
    set_up_logs("WARNING")
    with capture_logs() as logs, pytest.raises(OutOfTime):
        Dispatcher(world.tools.engine, Overrun(0)).handle_chunk()
    # Of booking: the counts of another test's door may come late, to a database that has gone.
    assert [one for one in logs if one["room"] != "observations"] == []
    assert (inbox(world)[0].state, inbox(world)[0].attempts) == ("waiting", 1)
    pass_time(world)
    world.work()
    assert world.balance(member).pending == rubles(10) + BONUS
    assert world.differences() == []


def lose_the_worker(world: World) -> None:
    """A worker takes what it would take, and is gone in the midst of it; its lease ends."""
    with pytest.raises(OutOfTime):
        Dispatcher(world.tools.engine, Overrun(0)).handle_chunk()
    pass_time(world)


def test_an_event_that_loses_its_worker_each_time_is_parked(world: World) -> None:
    shop, member = world.shop(), world.member()
    world.post(shop, created("A-1", world.click(member, shop), 100, at=day(1)))
    for _ in range(MAX_ATTEMPTS):
        lose_the_worker(world)
    assert inbox(world)[0].state == "waiting"
    world.work()
    (parked,) = inbox(world)
    assert (parked.state, parked.parked_reason) == ("parked", "keeps_failing")
    assert parked.parked_detail.endswith(f"tries: {MAX_ATTEMPTS}")
    assert world.balance(member).pending == 0


def test_a_lost_worker_holds_up_nothing_that_came_after(world: World) -> None:
    """What is fresh is booked before the suspects, and each of those is tried by itself."""
    shop, member = world.shop(), world.member()
    click = world.click(member, shop)
    for number in range(3):
        world.post(shop, created(f"A-{number}", click, 100, at=day(1)))
    lose_the_worker(world)
    world.post(shop, created("A-3", click, 100, at=day(1)))
    assert Dispatcher(world.tools.engine, world.programme).handle_chunk()
    assert [one.state for one in inbox(world)] == ["done", "waiting", "waiting", "done"]
    lose_the_worker(world)
    assert [one.attempts for one in inbox(world)] == [2, 2, 1, 1]
