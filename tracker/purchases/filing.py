"""A report goes into the file of its purchase, or is refused. No money is moved here."""

from tracker.kit.money import MAX_KOPECKS
from tracker.purchases.contracts import (
    CANCELLATION,
    PurchaseConfirmed,
    PurchaseReport,
    PurchaseReturned,
    PurchaseStated,
)
from tracker.purchases.dossiers import Dossier, Upstream, return_fact
from tracker.purchases.refusals import (
    AmountNotProven,
    ReturnDiffers,
    TooManyLines,
    TooManyReturns,
)
from tracker.purchases.statements import Stated, merge, only_lowers, read

MAX_LINES = 1_000
MAX_RETURN_LINES = 2_000
"""Of all returns of a purchase together; one that names no lines counts as one. There is but one
cancellation of a purchase, and that is always taken."""


def file(one: Dossier, report: PurchaseReport) -> None:
    """Note what was reported. A refusal changes nothing.

    Raises ReturnDiffers, AmountNotProven, TooManyLines and TooManyReturns.
    """
    match report:
        case PurchaseStated():
            _file_statement(one, report)
        case PurchaseConfirmed():
            _file_confirmation(one, report)
        case PurchaseReturned():
            _file_return(one, report)
    if report.upstream is not None:
        told = Upstream(report.at, report.source, report.upstream)
        known = one.upstream
        if known is None or (known.at, known.source) < (told.at, told.source):
            one.upstream = told
    one.learn(report.at, report.known_at)


def _file_statement(one: Dossier, report: PurchaseStated) -> None:
    fresh = merge(one.stated, read(report))
    if fresh is one.stated:
        return
    if len(fresh.lines) > MAX_LINES:
        raise TooManyLines(f"order {one.order_id!r} would have {len(fresh.lines)} lines")
    if fresh.total > MAX_KOPECKS:
        raise TooManyLines(f"the lines of order {one.order_id!r} come to more than we count")
    _see_that_nobody_gains(one, fresh)
    before = one.promise
    one.stated = fresh
    if one.promise != before:
        # Another promise, with a hold and a policy of its own: that one has not ended yet.
        one.hold_outcome = one.staff_outcome = None


def _see_that_nobody_gains(one: Dossier, fresh: Stated) -> None:
    """What is settled cannot grow, nor change hands, by a word that nobody proved.

    It is settled when its hold is over or staff had their say. Before that, the hold is there for
    the shop to object; a word that is proved needs no leave.
    """
    is_settled = one.hold_outcome or one.staff_outcome or one.attributed_click_id
    if fresh.rank.trusted or not is_settled or one.stated is None:
        return
    if only_lowers(one.stated, fresh):
        return
    is_vouched_for = one.vouched_total is not None and fresh.total <= one.vouched_total
    if is_vouched_for and fresh.click_id == one.stated.click_id:
        return
    raise AmountNotProven(
        f"order {one.order_id!r} is settled at {one.stated.total} kopecks of the click"
        f" {one.stated.click_id!r}; this says {fresh.total} of {fresh.click_id!r}"
    )


def _file_confirmation(one: Dossier, report: PurchaseConfirmed) -> None:
    if report.trusted:
        known = one.confirmed_by_shop_at
        one.confirmed_by_shop_at = min(known, report.at) if known else report.at
    else:
        claimed = one.claimed_at
        one.claimed_at = min(claimed, report.at) if claimed else report.at
    if report.amount is not None:
        known_ceiling = report.amount if one.ceiling is None else one.ceiling
        one.ceiling = min(known_ceiling, report.amount)


def _file_return(one: Dossier, report: PurchaseReturned) -> None:
    fact = return_fact(report)
    known = one.returns.get(report.return_id)
    if known == fact:
        return
    if known is not None:
        raise ReturnDiffers(
            f"return {report.return_id!r} of order {one.order_id!r} is known otherwise"
        )
    returns = (*one.returns.values(), fact)
    lines = sum(len(each.lines) or 1 for each in returns)
    if lines > MAX_RETURN_LINES and report.return_id != CANCELLATION:
        raise TooManyReturns(f"order {one.order_id!r} has {len(one.returns)} returns already")
    one.returns[report.return_id] = fact
    one.new_returns.append(report)
