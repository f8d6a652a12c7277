"""What members are told of adjustments. Pure."""

from tracker.adjustments.rules import Adjustment, Kind, reference
from tracker.notifications.contracts import Kind as Message
from tracker.notifications.contracts import Notice

_TOLD = {
    Kind.CREDIT: Message.MONEY_ADDED,
    Kind.GOODWILL: Message.MONEY_ADDED,
    Kind.DEBIT: Message.MONEY_TAKEN,
    Kind.WRITE_OFF: Message.DEBT_FORGIVEN,
}


def adjusted_notice(adjustment_id: int, one: Adjustment) -> Notice:
    """Once for each; why stands in the history."""
    key = reference(adjustment_id, one.kind)
    return Notice(one.member_id, _TOLD[one.kind], key, {"amount": one.amount})
