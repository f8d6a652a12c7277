"""Workers killed and stopped while they hand messages over: every message arrives, codes too."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from sandbox.messages.process import TelecomProcess, running_telecom
from sandbox.messages.store import delivered
from tests.races.held import wait_until
from tests.races.processes import Processes, horse_of
from tests.world import World, day
from tracker.kit.database import unit_of_work
from tracker.notifications.contracts import Kind, Notice
from tracker.notifications.service import notify

MESSAGES = 8


@contextmanager
def slow_centre(folder: Path, processes: Processes) -> Iterator[TelecomProcess]:
    """An SMS centre that takes its time over the last message, long enough to be killed in."""
    script = folder / "faults.json"
    script.write_text(
        json.dumps({"rules": [{"action": "slow", "seconds": 3, "on": "sms", "nth": MESSAGES}]})
    )
    with running_telecom(folder / "telecom", faults=script) as running:
        given = {"SMS_URL": running.sms_url, "MAIL_URL": running.mail_url}
        processes.environ = {**processes.environ, **given}
        yield running


def queued(world: World) -> list[str]:
    """Messages for as many members; their numbers."""
    members = world.members(MESSAGES)
    with unit_of_work(world.tools.engine) as session:
        notices = [
            Notice(one, Kind.PAYOUT_PAID, f"payout:{one}", {"amount": 10_000}) for one in members
        ]
        notify(session, notices, day(0.5))
    return [world.phone(one) for one in members]


def sending_horse(world: World, processes: Processes) -> psutil.Process:
    """A worker's process in the middle of its talk with the centre."""
    worker = processes.start("worker")
    processes.start("scheduler")
    wait_until(lambda: states(world) == {"sending": MESSAGES})
    return horse_of(worker)


def states(world: World) -> Counter[str]:
    return Counter(row.state for row in world.query("SELECT state FROM notifications"))


def end_leases(world: World) -> None:
    world.change(
        "UPDATE notifications SET lease_until = clock_timestamp() - interval '1 ms'"
        " WHERE lease_until IS NOT NULL"
    )


def test_a_worker_killed_while_it_sends(world: World, processes: Processes, tmp_path: Path) -> None:
    with slow_centre(tmp_path, processes) as centre:
        phones = queued(world)
        horse = sending_horse(world, processes)
        wait_until(lambda: len(delivered(centre.data)) == MESSAGES - 1)
        horse.kill()
        end_leases(world)
        wait_until(lambda: states(world) == {"sent": MESSAGES}, within=30)
        arrived = Counter(one.recipient for one in delivered(centre.data))
    assert set(arrived) == set(phones)
    assert max(arrived.values()) <= 2, "what nobody knows of is sent once more, not for ever"


def test_a_worker_stopped_while_it_sends_and_woken_after_its_lease(
    world: World, processes: Processes, tmp_path: Path
) -> None:
    with slow_centre(tmp_path, processes) as centre:
        phones = queued(world)
        horse = sending_horse(world, processes)
        horse.suspend()
        end_leases(world)
        processes.start("worker")
        wait_until(lambda: states(world) == {"sent": MESSAGES}, within=30)
        before = world.query("SELECT id, reference, tries FROM notifications ORDER BY id")
        horse.resume()
        wait_until(lambda: not horse.is_running())
        after = world.query("SELECT id, reference, tries FROM notifications ORDER BY id")
        assert set(phones) == {one.recipient for one in delivered(centre.data)}
    assert before == after, "its receipts come too late"
