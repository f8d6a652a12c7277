"""What we owe a member, and what was spent."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.adjustments.models import AdjustmentRow
from tracker.adjustments.rules import GIVES
from tracker.certificates.models import Certificate
from tracker.certificates.rules import CertificateState
from tracker.ledger.models import MemberBalance
from tracker.settlement.models import Payout
from tracker.settlement.rules import PayoutState


@dataclass(frozen=True, slots=True)
class Balance:
    """What we owe a member, and what was paid out, went into certificates or was taken off by
    staff, in kopecks."""

    pending: int
    net: int
    """What is available besides what goals reserve; below zero it is a debt."""
    in_flight: int
    spent: int
    reserved: int = 0
    """Put aside for goals."""

    @property
    def available(self) -> int:
        """What the member may spend."""
        return max(0, self.net)

    @property
    def debt(self) -> int:
        """What later cashback pays off first."""
        return max(0, -self.net)


def balance_of(session: Session, member_id: int) -> Balance:
    """A member's balance; of a member who never had any all is nothing."""
    kept = session.get(MemberBalance, member_id)
    paid = session.scalar(
        select(func.coalesce(func.sum(Payout.amount), 0)).where(
            Payout.member_id == member_id, Payout.state == PayoutState.PAID
        )
    )
    certified = session.scalar(
        select(func.coalesce(func.sum(Certificate.amount), 0)).where(
            Certificate.member_id == member_id, Certificate.state != CertificateState.VOIDED
        )
    )
    taken = session.scalar(
        select(func.coalesce(func.sum(AdjustmentRow.amount), 0)).where(
            AdjustmentRow.member_id == member_id, AdjustmentRow.kind.not_in(GIVES)
        )
    )
    spent = int(paid or 0) + int(certified or 0) + int(taken or 0)
    if kept is None:
        return Balance(0, 0, 0, spent)
    return Balance(kept.pending, kept.available, kept.in_flight, spent, kept.reserved)
