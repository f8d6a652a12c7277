"""The stand-in for an operator that takes registries, across from our own adapter."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.billing.faults import Action, Match, Rule, Script
from sandbox.billing.registry import NotWhole, RegistryDesk, read_registry
from sandbox.billing.store import Store
from sandbox.billing.truth import paid_topups
from tracker.gateways.registry import RegistryBilling
from tracker.kit.clock import Clock
from tracker.settlement.ports import Answer, Outcome, StatementNotYet, TopUp

NOON = datetime(2011, 1, 1, 9, tzinfo=UTC)
ONE = TopUp("payout:1", "+79000000001", 15_000)
CLOSED = TopUp("payout:2", "+79990010001", 700)


class Calendar:
    """Business time that the test moves."""

    def __init__(self) -> None:
        self.moment = NOON

    def now(self) -> datetime:
        return self.moment

    def at(self, _: datetime) -> datetime:
        return self.moment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("out", "in", "sent", "taken"):
        (tmp_path / "folder" / name).mkdir(parents=True)
    return tmp_path / "folder"


def operator(folder: Path, clock: Clock, *rules: Rule) -> RegistryDesk:
    store = Store(folder.parent / "books", clock, tells=True)
    return RegistryDesk(folder, store, Script(rules), clock)


def told(gateway: RegistryBilling) -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    for some in gateway.told():
        found |= {one.key: one for one in some.answers}
        some.taken()
    return found


def test_a_registry_is_paid_acknowledged_and_stated(folder: Path) -> None:
    clock = Calendar()
    desk, gateway = operator(folder, clock), RegistryBilling(folder, 1)
    gateway.submit([ONE, CLOSED])
    assert desk.look() == 1
    assert list((folder / "out").iterdir()) == []
    answers = told(gateway)
    assert (answers[ONE.key].outcome, answers[ONE.key].paid_at) == (Outcome.PAID, NOON)
    assert (answers[CLOSED.key].outcome, answers[CLOSED.key].reason) == (
        Outcome.FAILED,
        "number_closed",
    )
    with pytest.raises(StatementNotYet):
        list(gateway.statement(date(2011, 1, 1)))
    clock.moment += timedelta(days=1)
    desk.look()
    (line,) = gateway.statement(date(2011, 1, 1))
    assert (line.key, line.amount) == (ONE.key, ONE.amount)
    assert list(gateway.statement(date(2010, 12, 31))) == []


def test_what_is_taken_twice_is_paid_once_and_what_is_accepted_is_told_later(folder: Path) -> None:
    desk = operator(folder, Calendar(), Rule(Action.ACCEPT, seconds=0))
    gateway = RegistryBilling(folder, 1)
    gateway.submit([ONE])
    (registry,) = (folder / "out").iterdir()
    content = registry.read_bytes()
    desk.look()
    registry.write_bytes(content)
    desk.look()
    desk.look()
    assert ONE.key in told(gateway)
    assert gateway.query(ONE).outcome is Outcome.PAID
    assert paid_topups(folder.parent / "books") == {ONE.key: ONE.amount}


def test_a_fault_leaves_it_for_the_next_look_or_unacknowledged(folder: Path) -> None:
    rules = [
        Rule(Action.ERROR_500_BEFORE_ACTING, match=Match(nth=1)),
        Rule(Action.ERROR_500_AFTER_ACTING, match=Match(nth=2)),
    ]
    desk, gateway = operator(folder, Calendar(), *rules), RegistryBilling(folder, 1)
    gateway.submit([ONE])
    assert desk.look() == 0
    assert desk.look() == 1
    assert told(gateway) == {}
    assert paid_topups(folder.parent / "books") == {ONE.key: ONE.amount}


def test_what_is_not_whole_is_left_alone() -> None:
    for content in (b"", b"key,phone,amount\n", b"key,phone,amount\na,+7,1.00\nEND,1,1.00,00\n"):
        with pytest.raises(NotWhole):
            read_registry(content)
