"""The case of the partial return: a part of an order came back, or counts no more. Pure."""

from collections.abc import Sequence

from partners.intake.contracts import NoticeKind, PurchaseNotice
from tracker.kit.money import format_rubles
from tracker.purchases.contracts import ReturnLine
from webhooks.trials.rules import NOTHING, STATING, Attempt, Finding, Record, found, kinds_of

Sold = dict[str, dict[str, int]]
"""Of each order that was told: its lines, and what each was sold for."""


def partial_return(record: Record) -> Finding:
    """The order's purchase and the attempt that takes a part of it back."""
    sold = _sold(record)
    for one in record.accepted:
        for notice in one.notices:
            if notice.order_id in sold and not _fault(notice, sold, is_native=record.is_native):
                return found(*_stated(record, notice.order_id, one), one)
    return NOTHING


def why_not_partial(record: Record, attempt: Attempt) -> str:
    """Why an attempt takes back no part of an order."""
    sold = _sold(record)
    faults = [
        _fault(notice, sold, is_native=record.is_native)
        for notice in attempt.notices
        if notice.kind not in STATING
    ]
    return faults[0] if faults else f"it says {kinds_of(attempt)}" if attempt.notices else ""


def _fault(notice: PurchaseNotice, sold: Sold, *, is_native: bool) -> str:
    """What is wrong with a notice as a partial return; empty when nothing is."""
    lines = sold.get(notice.order_id)
    if lines is None:
        return f"order {notice.order_id} was not sent in this trial"
    if notice.kind is NoticeKind.RETURNED:
        if notice.return_lines is None:
            return f"all of order {notice.order_id} comes back; name the `lines` of a part of it"
        return _fault_of_lines(notice.order_id, notice.return_lines, lines)
    if is_native:
        return f"it is {notice.kind}, and no return"
    left, before = _left(notice, lines)
    if left is None:
        return f"it is {notice.kind}, and takes back no part"
    return "" if 0 < left < before else f"it is {notice.kind}, and not for less than was sold"


def _left(notice: PurchaseNotice, sold: dict[str, int]) -> tuple[int | None, int]:
    """What is left of an order by a verdict or a restatement, and of how much; in hundredths."""
    if notice.kind is NoticeKind.CONFIRMED:
        return notice.amount, sum(sold.values())
    if notice.kind is not NoticeKind.UPDATED:
        return None, 0
    before = sold.values() if notice.whole else [sold.get(one.line_id, 0) for one in notice.lines]
    return sum(line.amount for line in notice.lines), sum(before)


def _fault_of_lines(order_id: str, back: Sequence[ReturnLine], sold: dict[str, int]) -> str:
    for line in back:
        if line.line_id not in sold:
            known = ", ".join(list(sold)[:10])
            return f"order {order_id} has no line {line.line_id}; it has {known}"
        if line.amount > sold[line.line_id]:
            most = format_rubles(sold[line.line_id])
            return f"line {line.line_id} was sold for {most}, less than what comes back of it"
    if not 0 < sum(line.amount for line in back) < sum(sold.values()):
        return f"it is not a part of order {order_id} that comes back: all of it does, or nothing"
    return ""


def _sold(record: Record) -> Sold:
    """What orders were sold for: as created, else as first restated; whenever that came."""
    found: Sold = {}
    for kind in (NoticeKind.CREATED, NoticeKind.UPDATED):
        known = set(found)
        for one in record.accepted:
            for notice in one.notices:
                if notice.kind is kind and notice.order_id not in known:
                    lines = {line.line_id: line.amount for line in notice.lines}
                    found[notice.order_id] = lines | found.get(notice.order_id, {})
    return found


def _stated(record: Record, order_id: str, other: Attempt) -> tuple[Attempt, ...]:
    for one in record.accepted:
        if one is not other and one.orders.get(order_id, frozenset()) & STATING:
            return (one,)
    return ()
