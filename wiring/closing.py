"""What must hold before a month's books are closed: each room says its own."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

import tracker.purchases.queries
import tracker.settlement.queries
import webhooks.inbox.queries
from tracker.kit.settings import Settings
from tracker.periods.contracts import Check
from tracker.periods.rules import end_of
from wiring.proofs import PROOFS

_SHOWN = 5


def checks_of(settings: Settings) -> Mapping[str, Check]:
    """By the names that staff read."""

    def inbox(session: Session, _: str, __: datetime) -> Iterator[str]:
        yield from webhooks.inbox.queries.unhandled(session, settings.period_parked_days)

    return {"proof": _proof, "settlement": _settlement, "holds": _holds, "inbox": inbox}


def _proof(session: Session, _: str, __: datetime) -> Iterator[str]:
    for room, prove in PROOFS.items():
        for count, one in enumerate(prove(session)):
            if count == _SHOWN:
                yield f"{room}: and more; see `tracker ledger proof`"
                break
            yield f"{room}: {one.what}: {one.expected} expected, {one.found} found"


def _settlement(session: Session, period: str, _: datetime) -> Iterator[str]:
    yield from tracker.settlement.queries.unsettled(session, period)


def _holds(session: Session, period: str, _: datetime) -> Iterator[str]:
    if tracker.purchases.queries.hold_is_over(session, end_of(period)):
        yield "holds that were over by the end of the month have not been ended"
