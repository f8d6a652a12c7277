"""Workers issue what was ordered, once, whoever is lost on the way; what is too old comes back."""

import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from tests.tracker.certificates.saving import NOW, buy, give_back_of, issued, rich, save, states
from tests.world import Shop, World, day, rubles
from tracker.certificates.issuing import claim, issue
from tracker.certificates.jobs import issue_some, work
from tracker.certificates.queries import work_is_due
from tracker.certificates.rules import expiry_of
from tracker.kit import failpoints
from tracker.kit.database import unit_of_work
from tracker.kit.logs import set_up_logs
from tracker.ledger.service import Balance

POINTS = [
    f"certificates.{step}:{place}"
    for step in ("order", "claim", "issue")
    for place in ("before_commit", "after_commit")
]
"""Every step from an order to a notice."""


@pytest.fixture
def member(world: World, shop: Shop) -> int:
    """A member with 1,000.00, all of it put aside."""
    member = rich(world, shop, 1_000)
    save(world, member, 1_000)
    return member


def is_due(world: World, now: datetime = NOW) -> bool:
    with unit_of_work(world.tools.engine) as session:
        return work_is_due(session, now)


def told(world: World) -> list[str]:
    """Notices that certificates were issued."""
    rows = world.query("SELECT key FROM notifications WHERE kind = 'certificate_issued'")
    return [row.key for row in rows]


def end_leases(world: World) -> None:
    world.change("UPDATE certificates SET lease_until = clock_timestamp() - interval '1 ms'")


def goal_of_only(world: World) -> int:
    (row,) = world.query("SELECT id FROM goals")
    return int(row.id)


def test_what_was_ordered_is_issued_and_told_of_once(world: World, member: int) -> None:
    assert not is_due(world)
    made = buy(world, member, 850, goal=goal_of_only(world), split=True)
    assert is_due(world)
    issued(world)
    assert states(world) == ["issued"] * 2
    assert not is_due(world)
    issued(world, NOW + timedelta(days=10_000))
    rows = world.query("SELECT issued_at, expires_at, lease_until, code_hash FROM certificates")
    assert [tuple(row) for row in rows] == [(NOW, None, None, None)] * 2
    assert sorted(told(world)) == sorted(f"certificate:{one.id}:issued" for one in made)
    assert world.differences() == []


def test_none_is_issued_before_it_was_ordered(world: World, member: int) -> None:
    """The worker looked at the clock, and then it was ordered."""
    buy(world, member, 750, goal=goal_of_only(world))
    issued(world, NOW - timedelta(milliseconds=3))
    (row,) = world.query("SELECT issued_at FROM certificates")
    assert row.issued_at == NOW


def test_a_large_heap_goes_in_chunks(
    world: World, member: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    buy(world, member, 400, goal=goal_of_only(world), split=True)
    monkeypatch.setattr("tracker.certificates.jobs.CHUNK", 3)
    assert [issue_some(world.tools.engine, NOW, None) for _ in range(3)] == [3, 1, 0]
    assert states(world) == ["issued"] * 4


def test_what_another_has_in_hand_is_left_until_the_lease_is_over(
    world: World, member: int
) -> None:
    buy(world, member, 1_000, goal=goal_of_only(world))
    engine = world.tools.engine
    with unit_of_work(engine) as session:
        first = claim(session, 10)
    assert not is_due(world)
    assert issue_some(engine, NOW, None) == 0
    end_leases(world)
    assert is_due(world)
    with unit_of_work(engine) as session:
        second = claim(session, 10)
    assert second.fence > first.fence
    with unit_of_work(engine) as session:
        assert issue(session, first, NOW, None) == 0, "its fence is old"
    assert (states(world), told(world)) == (["ordered"], [])
    with unit_of_work(engine) as session:
        assert issue(session, second, NOW, None) == 1
        assert issue(session, second, NOW, None) == 0
    assert (states(world), len(told(world))) == (["issued"], 1)


def test_what_was_undone_meanwhile_is_not_issued(world: World, member: int) -> None:
    (one,) = buy(world, member, 1_000, goal=goal_of_only(world))

    def undone(point: str) -> None:
        if point == "certificates.claim:after_commit" and states(world) == ["ordered"]:
            give_back_of(world, one.id)

    failpoints.install(undone)
    set_up_logs("WARNING")
    try:
        with capture_logs() as logs:
            issued(world)
    finally:
        failpoints.install(None)
    assert [one["event"] for one in logs] == ["late_issue_fenced_off"]
    assert (states(world), told(world)) == (["voided"], [])
    assert world.differences() == []


# -- killed ------------------------------------------------------------------------------


def dies_at(world: World, point: str, life: Callable[[], object]) -> None:
    """Do it in a process of its own, that is killed when it comes to a place."""
    pid = os.fork()
    if not pid:
        try:
            failpoints.install(
                lambda reached: os.kill(os.getpid(), signal.SIGKILL) if reached == point else None
            )
            life()
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status), "it never came there"
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_each_step(world: World, member: int, point: str) -> None:
    """The member orders again, since nobody answered, and another worker comes: one debit, one
    certificate, one notice."""
    goal = goal_of_only(world)

    def life() -> None:
        buy(world, member, 1_000, goal=goal, key="k")
        issued(world)

    dies_at(world, point, life)
    end_leases(world)
    life()
    assert states(world) == ["issued"]
    assert len(told(world)) == 1
    assert world.balance(member) == Balance(0, 0, 0, 0)
    debits = world.query("SELECT amount FROM ledger_entries WHERE account LIKE 'certificates_%'")
    assert [row.amount for row in debits] == [-rubles(1_000)]
    assert world.differences() == []


def test_killed_while_it_takes_back(world: World, member: int) -> None:
    buy(world, member, 1_000, goal=goal_of_only(world))
    issued(world, valid_days=1)
    later = NOW + timedelta(days=9)
    for place in ("before_commit", "after_commit"):
        world.tools.engine.dispose()
        if states(world) == ["issued"]:
            dies_at(
                world, f"certificates.expire:{place}", lambda: work(world.tools.engine, later, 1)
            )
    issued(world, later)
    assert states(world) == ["voided"]
    assert world.balance(member) == Balance(0, 0, 0, rubles(1_000))
    assert world.differences() == []


# -- too old -----------------------------------------------------------------------------


def test_the_last_day_is_a_whole_one() -> None:
    moment = datetime(2011, 3, 1, 20, 30, tzinfo=UTC)  # 23:30 in Moscow
    assert expiry_of(moment, None) is None
    assert expiry_of(moment, 1) == datetime(2011, 3, 2, 21, tzinfo=UTC)
    assert expiry_of(moment, 365) == datetime(2012, 2, 29, 20, tzinfo=UTC)
    assert expiry_of(moment + timedelta(hours=1), 1) == datetime(2011, 3, 3, 21, tzinfo=UTC)


def test_what_is_too_old_comes_back(world: World, member: int) -> None:
    buy(world, member, 850, goal=goal_of_only(world), split=True)
    issued(world, valid_days=30)
    (end, _) = (row.expires_at for row in world.query("SELECT expires_at FROM certificates"))
    just_before = end - timedelta(microseconds=1)
    assert not is_due(world, just_before)
    issued(world, just_before)
    assert states(world) == ["issued"] * 2
    assert is_due(world, end)
    issued(world, end)
    assert states(world) == ["voided"] * 2
    assert not is_due(world, end)
    (reasons,) = {row.void_reason for row in world.query("SELECT void_reason FROM certificates")}
    assert reasons == "expired"
    assert world.balance(member) == Balance(0, 0, 0, rubles(1_000))
    assert world.differences() == []


def test_what_was_undone_is_never_too_old(world: World, member: int) -> None:
    (one,) = buy(world, member, 1_000, goal=goal_of_only(world))
    issued(world, valid_days=1)
    give_back_of(world, one.id)
    issued(world, day(400))
    assert states(world) == ["voided"]
    assert world.differences() == []
