"""What a worker has in its hands: payouts claimed together, under one fencing token."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from tracker.kit.crypto import Keyring
from tracker.ledger.rules import Kind, Posting
from tracker.members.queries import open_phone
from tracker.settlement.models import FENCES
from tracker.settlement.ports import TopUp
from tracker.settlement.rules import gateway_key, payout_posting

LEASE_SECONDS = 25
"""For a batch with the operator: with the sweeper's second and the job's start, what a lost worker
held is in other hands within 30 s."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A payout in this worker's hands until its lease is over."""

    id: int
    member_id: int
    phone: str
    """Empty when it was erased meanwhile."""
    amount: int
    as_of: datetime
    age: int = 0
    """Seconds since it was first sent; so is the next, since it was last sent."""
    since_sent: int = 0

    @property
    def top_up(self) -> TopUp:
        """What the operator is told."""
        return TopUp(gateway_key(self.id), self.phone, self.amount)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Payouts claimed together, under one fencing token."""

    fence: int
    payouts: tuple[Claimed, ...]
    withheld: int = 0
    """How many were claimed besides, and are not to be sent."""


def claim(session: Session, keys: Keyring, statement: Any, values: dict[str, Any]) -> Chunk:
    """What a claiming statement takes, by id."""
    fence = session.scalar(FENCES.next_value())
    rows = session.execute(statement, {**values, "fence": fence, "lease": LEASE_SECONDS})
    claimed = sorted((_claimed(keys, row) for row in rows), key=lambda one: one.id)
    return Chunk(int(fence or 0), tuple(claimed))


def posting_of(one: Claimed, kind: Kind) -> Posting:
    """The ledger's form of a step of this payout."""
    return payout_posting(
        kind,
        payout_id=one.id,
        member_id=one.member_id,
        amount=one.amount,
        effective_at=one.as_of,
    )


def _claimed(keys: Keyring, row: Row[Any]) -> Claimed:
    # Of a member whose data were erased after the seal there is no number: it is withheld.
    phone = open_phone(keys, row.member_id, row.sealed) if row.sealed is not None else ""
    return Claimed(
        row.id,
        row.member_id,
        phone,
        row.amount,
        row.as_of,
        row.age,
        row.since_sent,
    )
