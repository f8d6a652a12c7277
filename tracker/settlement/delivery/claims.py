"""What a worker has in its hands: payouts claimed together, under one fencing token."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from tracker.kit.crypto import Keyring
from tracker.ledger.rules import Alike, Kind
from tracker.members.queries import open_phone
from tracker.settlement.ports import TopUp
from tracker.settlement.rules import gateway_key, payout_posting, payout_references

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
class Unchecked:
    """A number that is to be paid to, of which the operator was not asked whether it is its own."""

    number_id: int
    phone: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """Payouts claimed together, under one fencing token."""

    fence: int
    payouts: tuple[Claimed, ...]
    withheld: int = 0
    """How many were looked at besides, and are not to be sent."""
    unchecked: tuple[Unchecked, ...] = ()
    """Numbers to be asked about first; what is due to them was left as it is."""


def opened(keys: Keyring, row: Row[Any]) -> Claimed:
    """A row of a claiming statement."""
    return Claimed(
        row.id,
        row.member_id,
        phone_of(keys, row),
        row.amount,
        row.as_of,
        row.age,
        row.since_sent,
    )


def phone_of(keys: Keyring, row: Row[Any]) -> str:
    """The number of a payout; empty of a member whose data were erased after the seal."""
    return open_phone(keys, row.member_id, row.sealed) if row.sealed is not None else ""


def alike(kind: Kind, some: Sequence[Claimed], moments: Mapping[int, datetime]) -> Alike:
    """The ledger's form of the same step of some payouts: the rule for one of them, as columns.

    ``moments``: when it counts, by payout.
    """
    one = some[0]
    made = payout_posting(
        kind,
        payout_id=one.id,
        member_id=one.member_id,
        amount=one.amount,
        effective_at=moments[one.id],
    )
    debit, credit = made.legs
    references = [payout_references(each.id, kind) for each in some]
    return Alike(
        kind,
        debit.account,
        credit.account,
        references=[reference for reference, _ in references],
        corrects=[corrected for _, corrected in references],
        effective_at=[moments[each.id] for each in some],
        members=[each.member_id for each in some],
        amounts=[each.amount for each in some],
    )
