"""What members are told of their payouts. Pure."""

from collections.abc import Iterator

from tracker.notifications.contracts import Kind, Notice
from tracker.settlement.rules import PayoutState, Withheld

_KINDS = {PayoutState.PAID: Kind.PAYOUT_PAID, PayoutState.FAILED: Kind.PAYOUT_FAILED}


def payout_notices(
    state: PayoutState, *, payout_id: int, member_id: int, amount: int, reason: str | None = None
) -> Iterator[Notice]:
    """That a payout has ended one way or the other. Of those that were not sent nothing is told,
    but that the number cannot be paid to: that is for the member to see to."""
    kind = _KINDS.get(state)
    if state is PayoutState.WITHHELD and reason == Withheld.NUMBER_NOT_SERVED:
        kind = Kind.PAYOUT_FAILED
    if kind is not None:
        yield Notice(member_id, kind, f"payout:{payout_id}", {"amount": amount})
