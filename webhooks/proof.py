"""This package's part of the ledger proof: every handled event is in the facts it reported."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from tracker.kit.errors import TrackerError
from tracker.ledger.rules import Difference
from tracker.purchases.contracts import PurchaseReport
from tracker.purchases.proof import missing
from webhooks.dispatch import read_events
from webhooks.inbox.queries import handled


def prove(session: Session) -> Iterator[Difference]:
    """Read every handled event anew from its raw bytes and look for what it reported.

    Events whose bytes were pruned cannot be read anew; how many those are is told in the log.
    """
    for chunk in handled(session):
        reports: list[PurchaseReport] = []
        for event, said in read_events(session, chunk):
            for one in said:
                if isinstance(one, TrackerError):
                    yield Difference(f"event {event.id}", "readable, since handled", one.code)
                else:
                    reports.append(one)
        yield from missing(session, reports)
