"""Operators of the stories: one that may be told how to behave, and the passing of its time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from tests.world import World
from tracker.kit.clock import moscow_date
from tracker.settlement.jobs import deliver
from tracker.settlement.ports import Answer, Outcome, Reach, StatementLine, Told, TopUp
from tracker.settlement.rules import Conduct

CONDUCT = Conduct()
KEY_MEMORY = CONDUCT.key_memory
"""Seconds for which the operator remembers keys."""


@dataclass(slots=True)
class Operator:
    """An operator's billing with books of its own."""

    acts: bool = True
    """Whether it does what it is asked to, whatever it says of it."""
    says: Outcome = Outcome.PAID
    """What it answers to a sending."""
    tells: Outcome | None = None
    """What it answers to questions; by default what its books say."""
    paid: dict[str, TopUp] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    """Every key it was sent, in order, also again."""
    asked: list[str] = field(default_factory=list)
    paid_at: dict[str, datetime] = field(default_factory=dict)

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        self.sent += [one.key for one in batch]
        if self.acts:
            for one in batch:
                assert self.paid.setdefault(one.key, one) == one, "one key, two contents"
                self.paid_at.setdefault(one.key, datetime.now(UTC))
        return [self._answer(one.key, self.says) for one in batch]

    def query(self, top_up: TopUp) -> Answer:
        self.asked.append(top_up.key)
        known = Outcome.PAID if top_up.key in self.paid else Outcome.NOT_FOUND
        return self._answer(top_up.key, self.tells or known)

    def statement(self, day: date) -> Iterator[StatementLine]:
        for key in sorted(self.paid):
            if moscow_date(at := self.paid_at.get(key, datetime.now(UTC))) == day:
                one = self.paid[key]
                yield StatementLine(key, one.phone, one.amount, f"ref-{key}", at)

    def reach(self, phones: Sequence[str]) -> list[Reach]:
        return [Reach.NOT_TOLD for _ in phones]

    def told(self) -> Iterator[Told]:
        return iter(())

    def ready(self) -> bool:
        return True

    @property
    def total(self) -> int:
        """Kopecks it has paid out for us."""
        return sum(one.amount for one in self.paid.values())

    def _answer(self, key: str, outcome: Outcome) -> Answer:
        reference = f"ref-{key}" if outcome is Outcome.PAID else None
        reason = "no_such_number" if outcome is Outcome.FAILED else None
        return Answer(key, outcome, reference, reason)


def work(world: World, operator: Operator) -> None:
    """Workers see to the gate, deliver and ask until nothing is due."""
    world.watch(operator)
    while deliver(world.tools.engine, world.tools.settings.keys, operator, CONDUCT):
        pass


def wait(world: World, seconds: int) -> None:
    """So much time passes for whatever was sent, is to be asked about, or is in a worker's hand."""
    world.change(
        """
        UPDATE payouts
        SET sent_at = sent_at - make_interval(secs => :seconds),
            sent_again_at = sent_again_at - make_interval(secs => :seconds),
            ask_at = ask_at - make_interval(secs => :seconds),
            lease_until = lease_until - make_interval(secs => :seconds)
        """,
        seconds=seconds,
    )


def numbers_are_known(world: World) -> None:
    """The operator has told of all numbers before: the next call sends at once."""
    world.change(
        "INSERT INTO number_checks (number_id, served) SELECT id, true FROM numbers"
        " ON CONFLICT DO NOTHING"
    )


def states(world: World, period: str | None = None) -> list[str]:
    """Where the payouts stand, in the order they were drawn up."""
    rows = world.query(
        "SELECT state FROM payouts WHERE period = coalesce(:period, period) ORDER BY id",
        period=period,
    )
    return [row.state for row in rows]


def run_state(world: World, period: str) -> str:
    """Where a month's run stands."""
    rows = world.query("SELECT state FROM settlement_runs WHERE period = :period", period=period)
    return str(rows[0].state)
