"""An operator's billing for stories that need no real one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from tracker.kit.clock import moscow_date
from tracker.settlement.ports import Answer, Outcome, Reach, StatementLine, Told, TopUp


@dataclass(slots=True)
class ObedientBilling:
    """An operator that pays whatever it is asked to, and remembers it."""

    paid: dict[str, TopUp] = field(default_factory=dict)
    paid_at: dict[str, datetime] = field(default_factory=dict)

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        self.paid |= {one.key: one for one in batch}
        self.paid_at |= {one.key: datetime.now(UTC) for one in batch}
        return [Answer(one.key, Outcome.PAID, f"ref-{one.key}") for one in batch]

    def query(self, top_up: TopUp) -> Answer:
        known = self.paid.get(top_up.key) == top_up
        return Answer(top_up.key, Outcome.PAID if known else Outcome.NOT_FOUND, "ref")

    def statement(self, day: date) -> Iterator[StatementLine]:
        for key in sorted(self.paid):
            if moscow_date(self.paid_at[key]) == day:
                one = self.paid[key]
                yield StatementLine(key, one.phone, one.amount, f"ref-{key}", self.paid_at[key])

    def reach(self, phones: Sequence[str]) -> list[Reach]:
        return [Reach.NOT_TOLD for _ in phones]

    def told(self) -> Iterator[Told]:
        return iter(())

    def ready(self) -> bool:
        return True
