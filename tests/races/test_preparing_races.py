"""Lists drawn up while money moves: each sees one moment, and its bridge adds up to the kopeck."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from tests.races.together import raised, together
from tests.world import World, day
from tracker.kit.database import snapshot, unit_of_work
from tracker.ledger.rules import HOUSE, Account, Kind, Leg, Posting
from tracker.ledger.service import post
from tracker.settlement.lists.bridge import bridge_of
from tracker.settlement.models import SettlementRun
from tracker.settlement.proof import prove

NUMBERS = itertools.count(1)
PERIODS = [f"20{year}-{month:02d}" for year in (11, 12) for month in range(1, 13)]


def gift(member: int, amount: int) -> Posting:
    """A bonus for a member, in kopecks."""
    legs = (
        Leg(Account.MARKETING_EXPENSE, HOUSE, amount),
        Leg(Account.MEMBER_AVAILABLE, member, -amount),
    )
    return Posting(f"gift:{next(NUMBERS)}", Kind.BONUS_CONFIRMED, day(1), legs)


def give(world: World, member: int, amount: int) -> None:
    with unit_of_work(world.tools.engine) as session:
        post(session, [gift(member, amount)])


def steps(world: World, period: str) -> dict[str, int]:
    with snapshot(world.tools.engine) as session:
        assert list(prove(session)) == []
        return {line.step: line.amount for line in bridge_of(session, period).lines}


def test_a_booking_that_was_under_way_is_in_the_next_bridge_and_only_there(world: World) -> None:
    one, other = world.members(2)
    give(world, one, 1_000)
    with unit_of_work(world.tools.engine) as session:
        post(session, [gift(other, 500)])
        give(world, one, 30)
        world.prepare("2011-01", day(31))
        give(world, one, 7)
    world.prepare("2011-02", day(62))
    assert steps(world, "2011-01")["total"] == 1_030
    second = steps(world, "2011-02")
    assert (second["available_before"], second["bonus_confirmed"]) == (1_030, 507)
    assert (second["unexplained"], second["total"]) == (0, 1_537)
    world.prepare("2011-03", day(90))
    assert "bonus_confirmed" not in steps(world, "2011-03")


@contextmanager
def gifts_all_the_time(world: World, members: list[int]) -> Iterator[None]:
    """Two threads book without a pause."""
    over = threading.Event()

    def go_on() -> None:
        for number in itertools.count():
            if over.is_set():
                return
            give(world, members[number % len(members)], 1 + number % 97)

    threads = [threading.Thread(target=go_on) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(30)


def test_lists_that_are_drawn_up_while_bookings_go_on_add_up(world: World) -> None:
    members = world.members(5)
    for member in members:
        give(world, member, 1_000)
    with gifts_all_the_time(world, members):
        for period in PERIODS[:6]:
            world.prepare(period, day(200))
    for before, now in itertools.pairwise(PERIODS[:6]):
        told = steps(world, now)
        assert told["available_before"] == steps(world, before)["available_now"]
        assert told["unexplained"] == 0
        assert told["total"] == told["available_now"]


def test_many_that_prepare_while_bookings_go_on_get_one_list(world: World) -> None:
    members = world.members(5)
    for member in members:
        give(world, member, 1_000)
    with gifts_all_the_time(world, members):
        runs = together(*([lambda: world.prepare("2011-01", day(31))] * 4))
    assert raised(runs) == []
    assert len({one.sha256 for one in runs if isinstance(one, SettlementRun)}) == 1
    assert steps(world, "2011-01")["unexplained"] == 0


def test_who_saw_the_moment_before_anothers_list_gets_that_list(world: World) -> None:
    """The first one's COMMIT falls between the second one's first look and its lock."""
    give(world, world.member(), 1_000)
    engine = world.tools.engine
    with unit_of_work(engine) as session:
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('settlement', 0))"))
        waiting = threading.Thread(target=world.prepare, args=("2011-01", day(31), "boris"))
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
    waiting.join(30)
    run = world.prepare("2011-01", day(31), "anna")
    assert (run.prepared_by, run.total) == ("boris", 1_000)
