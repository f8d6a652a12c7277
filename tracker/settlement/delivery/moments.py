"""When a payout's steps count. On the 1st, as its list does, but never before the money was there.

A list may wait for days until it is approved and sent. Who spends meanwhile what the list is to
pay, and earns as much again, is paid out of the new money: on the 1st there was none of it, and
no report of a day in between may tell of less than nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.ledger.rules import Account, Kind
from tracker.ledger.service import held_since_each
from tracker.settlement.rules import payout_references

Moments = Mapping[int, datetime]
"""When a step counts, by payout."""


class Listed(Protocol):
    """A payout of a list that counts at a moment."""

    @property
    def id(self) -> int: ...
    @property
    def member_id(self) -> int: ...
    @property
    def amount(self) -> int: ...
    @property
    def as_of(self) -> datetime: ...


def of_submission(session: Session, payouts: Iterable[Listed]) -> Moments:
    """Of payouts that are put in flight together; their members are locked."""
    together = list(payouts)
    sums: dict[int, tuple[int, datetime]] = {}
    for one in together:
        before, at = sums.get(one.member_id, (0, one.as_of))
        sums[one.member_id] = (before + one.amount, max(at, one.as_of))
    since = held_since_each(session, Account.MEMBER_AVAILABLE, sums)
    return {one.id: max(one.as_of, since[one.member_id]) for one in together}


def of_outcome(session: Session, payouts: Iterable[int]) -> Moments:
    """Of payouts that have ended, by their ids: it counts when they were put in flight."""
    references = {payout_references(one, Kind.PAYOUT_SUBMITTED)[0]: one for one in payouts}
    found = session.execute(_SUBMITTED, {"references": list(references)})
    return {references[row.reference]: row.effective_at for row in found}


_SUBMITTED = text("""
    SELECT reference, effective_at FROM ledger_transactions WHERE reference = ANY(:references)
""")
