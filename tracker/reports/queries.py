"""Reads of the whole ledger, as of a business moment."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Liability:
    """What we owe, in kopecks, as of a moment; what members owe us stands apart as debts."""

    as_of: datetime
    pending: int
    available: int
    reserved: int
    in_flight: int
    certificates_outstanding: int
    debts: int

    @property
    def to_members(self) -> int:
        """Owed to members, in money and in certificates that no salon has taken yet."""
        return (
            self.pending
            + self.available
            + self.reserved
            + self.in_flight
            + self.certificates_outstanding
        )


def liability(session: Session, as_of: datetime) -> Liability:
    """What was owed to members by all that counts until then, as far as it is known now."""
    row = session.execute(_LIABILITY, {"as_of": as_of}).one()
    return Liability(as_of, *(int(amount) for amount in row))


# Debts are of single members: what one owes us lessens nothing that we owe another.
_LIABILITY = text("""
    WITH owed AS (
        SELECT account, owner_id, -sum(amount) AS amount
        FROM ledger_entries JOIN ledger_transactions AS moved ON moved.id = transaction_id
        WHERE account IN ('member_pending', 'member_available', 'member_reserved',
                          'member_in_flight', 'certificates_outstanding')
          AND effective_at <= :as_of
        GROUP BY account, owner_id
    )
    SELECT coalesce(sum(amount) FILTER (WHERE account = 'member_pending'), 0) AS pending,
           coalesce(sum(amount) FILTER (WHERE account = 'member_available' AND amount > 0), 0)
               AS available,
           coalesce(sum(amount) FILTER (WHERE account = 'member_reserved'), 0) AS reserved,
           coalesce(sum(amount) FILTER (WHERE account = 'member_in_flight'), 0) AS in_flight,
           coalesce(sum(amount) FILTER (WHERE account = 'certificates_outstanding'), 0)
               AS certificates_outstanding,
           coalesce(-sum(amount) FILTER (WHERE account = 'member_available' AND amount < 0), 0)
               AS debts
    FROM owed
""")
