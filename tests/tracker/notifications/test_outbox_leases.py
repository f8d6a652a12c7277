"""Workers that go away, come back late, and get in each other's way."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tests.tracker.notifications.outbox import (
    NIGHT,
    NOON,
    QUIET,
    Provider,
    code,
    deliver,
    let_time_pass,
    office,
    paid,
    rows,
    states,
    tell,
)
from tests.world import World
from tracker.kit.database import unit_of_work
from tracker.notifications.contracts import Channel
from tracker.notifications.delivery import MAX_LOST, claim
from tracker.notifications.jobs import CHUNK, LEASE_MARGIN, deliver_sms, delivery_is_due
from tracker.notifications.ports import Receipt


def go_away_with(world: World, limit: int = CHUNK) -> int:
    """A worker claims a chunk and is heard of no more; how many messages were in it."""
    with unit_of_work(world.tools.engine) as session:
        keys = world.tools.settings.keys
        chunk = claim(session, keys, Channel.SMS, limit=limit, lease=30, night=False)
    return len(chunk.messages)


def is_due(world: World, *, night: bool = False) -> bool:
    with unit_of_work(world.tools.engine) as session:
        now = NIGHT if night else NOON
        return delivery_is_due(session, now, channel=Channel.SMS, quiet=QUIET)


def queue(world: World, count: int) -> None:
    tell(world, *(paid(one, f"payout:{one}") for one in world.members(count)))


class Interrupted(Provider):
    """Something else happens while a batch is with the gateway."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self.meanwhile = meanwhile

    def send(self, batch: Sequence[Any]) -> list[Receipt]:
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return super().send(batch)


def test_what_a_killed_worker_held_is_taken_over_after_its_lease(world: World) -> None:
    queue(world, 3)
    assert go_away_with(world) == 3
    provider = Provider()
    deliver(world, provider)
    assert (provider.sent, is_due(world)) == ([], False), "its lease lasts"
    let_time_pass(world, 31)
    assert is_due(world)
    deliver(world, provider)
    assert set(states(world)) == {"sent"}
    assert provider.batches == [1, 1, 1], "each alone: one may be what it died of"
    assert [(row.lost, row.tries) for row in rows(world)] == [(1, 2)] * 3


def test_what_workers_die_of_is_given_up(world: World) -> None:
    queue(world, 1)
    for _ in range(MAX_LOST):
        assert go_away_with(world) == 1
        let_time_pass(world, 31)
        deliver(world, Provider(), NIGHT)
    assert [(row.state, row.reason) for row in rows(world)] == [("failed", "worker_lost")]


def test_what_was_lost_with_a_worker_does_not_wait_behind_all_that_is_new(world: World) -> None:
    queue(world, 1)
    go_away_with(world)
    let_time_pass(world, 31)
    provider = Provider()
    for _ in range(4):
        queue(world, 1)
        deliver_sms(office(world), provider, timeout=10)
    assert rows(world)[0].state == "sent"


def test_a_late_worker_writes_nothing(world: World) -> None:
    """While its gateway takes its time, another takes the message over and is refused."""
    queue(world, 1)
    quick = Provider()

    def meanwhile() -> None:
        let_time_pass(world, 60)
        deliver(world, quick)

    slow = Interrupted(meanwhile)
    deliver(world, slow)
    assert (len(slow.sent), len(quick.sent)) == (1, 1)
    (row,) = rows(world)
    assert (row.state, row.reference, row.tries) == ("sent", "ref-1", 2)


def test_a_late_worker_does_not_undo_a_refusal(world: World) -> None:
    queue(world, 1)

    def meanwhile() -> None:
        world.change("UPDATE notifications SET fence = fence + 1000")

    deliver(world, Interrupted(meanwhile))
    assert states(world) == ["sending"], "what it says is of no account"


def test_a_worker_held_up_before_the_call_lets_go(world: World) -> None:
    queue(world, 1)
    seconds = iter([0.0, LEASE_MARGIN, 100.0, 100.0])
    provider = Provider()
    held_up = replace(office(world), stopwatch=lambda: next(seconds))
    deliver_sms(held_up, provider, timeout=10)
    assert (provider.sent, states(world), rows(world)[0].reason) == ([], ["waiting"], "held_up")


def test_many_workers_send_each_message_once(world: World) -> None:
    queue(world, 250)
    providers = [Provider() for _ in range(4)]
    barrier = threading.Barrier(len(providers))

    def work(provider: Provider) -> None:
        barrier.wait()
        for _ in range(10):
            deliver(world, provider)

    threads = [threading.Thread(target=work, args=(one,)) for one in providers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent = [message.key for provider in providers for message in provider.sent]
    assert len(sent) == len(set(sent)) == 250
    assert set(states(world)) == {"sent"}


def test_what_can_wait_is_in_one_workers_hands_at_a_time(world: World) -> None:
    """So that a month's payouts leave the other workers free for codes, and for booking."""
    queue(world, 2 * CHUNK)
    assert go_away_with(world) == CHUNK
    assert not is_due(world)
    provider = Provider()
    deliver(world, provider)
    assert provider.sent == []
    code(world, phone=world.phone(world.member()))
    assert is_due(world)
    deliver(world, provider)
    assert len(provider.sent) == 1


def test_by_night_nothing_is_due_but_what_is_urgent(world: World) -> None:
    queue(world, 1)
    assert (is_due(world, night=True), is_due(world)) == (False, True)
    code(world, phone=world.phone(world.member()))
    assert is_due(world, night=True)
