"""What members are told of their payouts. Pure."""

from collections.abc import Iterator

from tracker.notifications.contracts import Kind, Notice
from tracker.settlement.rules import PayoutState

_KINDS = {PayoutState.PAID: Kind.PAYOUT_PAID, PayoutState.FAILED: Kind.PAYOUT_FAILED}


def payout_notices(
    state: PayoutState, *, payout_id: int, member_id: int, amount: int
) -> Iterator[Notice]:
    """That a payout has ended one way or the other; of those that were not sent nothing is told."""
    if state in _KINDS:
        yield Notice(member_id, _KINDS[state], f"payout:{payout_id}", {"amount": amount})
