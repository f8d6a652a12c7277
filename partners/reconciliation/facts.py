"""What a shop's statement says, as facts of a purchase: what is booked when staff accept it. Pure.

A finding that can be booked becomes reports such as events become; one that cannot has an outcome
that says why. The purchase is as it is now, and locked; where it is not as it was when it was
compared, nothing is booked: whoever agreed has seen another one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from partners.reconciliation.rules import Kind, Outcome, Standing, Word
from tracker.purchases.contracts import (
    CANCELLATION,
    Line,
    PurchaseConfirmed,
    PurchaseReport,
    PurchaseReturned,
    PurchaseStated,
    RejectReason,
    ReturnLine,
)
from tracker.purchases.dossiers import Dossier
from tracker.purchases.rules import Status
from tracker.purchases.statements import Stated

FEED = "statement"
"""The feed of an order that only a statement tells of."""

_ONE_LINE = "1"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finding that staff decided for the shop."""

    id: int
    kind: Kind
    shop_id: int
    order_id: str
    """In our books, or theirs where we have none."""
    at: datetime
    """When it counts."""
    their_amount: int | None
    their_word: Word | None
    ordered_at: datetime | None
    click_id: str | None
    our_amount: int | None
    """What was left in our books when it was compared; so is the next."""
    our_word: Standing | None

    @property
    def source(self) -> str:
        """What the purchase's facts name as their message."""
        return f"finding:{self.id}"


Facts = tuple[PurchaseReport, ...]


def facts_of(one: Accepted, known: Dossier | None) -> Facts | Outcome:
    """What to book, or why nothing is booked."""
    found = _facts_of(one, known)
    if isinstance(found, Outcome) or not _is_changed(one, known):
        return found
    return Outcome.CHANGED


def _is_changed(one: Accepted, known: Dossier | None) -> bool:
    """Whether our books are otherwise than they were shown to whoever decided."""
    if one.kind is Kind.MISSING_WITH_US:
        return known is not None and known.stated is not None
    if known is None or counted_of(known) != one.our_amount:
        return True
    # Of a sum it matters not whether it was confirmed since: it is about the sum.
    return one.kind is not Kind.AMOUNT and standing_of(known) is not one.our_word


def _facts_of(one: Accepted, known: Dossier | None) -> Facts | Outcome:
    match one.kind:
        case Kind.MISSING_WITH_US:
            return _stated(one)
        case Kind.MISSING_WITH_THEM:
            return _taken_back(one, known, RejectReason.ORDER_ERROR)
        case Kind.STATUS:
            return _standing(one, known)
        case Kind.AMOUNT:
            return _amount(one, known)
        case Kind.COMMISSION:
            return Outcome.TERMS_STAND
        case Kind.NEAR | Kind.DUPLICATE:
            return Outcome.NOTHING_TO_BOOK


def left_of(known: Dossier) -> dict[str, int]:
    """Kopecks that are left of each line by what the shop said, no ceiling considered."""
    facts = known.facts
    return {
        line: 0 if facts.returned_whole else max(0, amount - facts.returned.get(line, 0))
        for line, amount in facts.amounts.items()
    }


def counted_of(known: Dossier) -> int:
    """Kopecks that are left of a purchase, as it is compared with a statement."""
    left = sum(left_of(known).values())
    return left if known.ceiling is None else min(left, known.ceiling)


def standing_of(known: Dossier) -> Standing:
    """Where a purchase stands, as it is compared with a statement."""
    if not counted_of(known):
        return Standing.RETURNED
    if known.standing.status is Status.REJECTED:
        return Standing.REJECTED
    if known.standing.status is Status.CONFIRMED or known.confirmed_by_shop_at:
        return Standing.CONFIRMED
    return Standing.OPEN


def _stated(one: Accepted) -> Facts | Outcome:
    if one.ordered_at is None or one.their_amount is None:
        return Outcome.NO_DAY
    stated = PurchaseStated(
        one.shop_id,
        one.order_id,
        one.at,
        one.source,
        amended=False,
        click_id=one.click_id,
        ordered_at=one.ordered_at,
        lines=(Line(_ONE_LINE, 1, one.their_amount),),
        feed=FEED,
    )
    return (stated, _confirmed(one)) if one.their_word is Word.CONFIRMED else (stated,)


def _standing(one: Accepted, known: Dossier | None) -> Facts | Outcome:
    if one.their_word is Word.RETURNED:
        return _taken_back(one, known, RejectReason.CANCELLED)
    if known is None:
        return Outcome.NOTHING_TO_BOOK
    standing = standing_of(known)
    if str(standing) == one.their_word:
        return Outcome.NOTHING_TO_BOOK
    if one.their_word is Word.CONFIRMED and standing in (Standing.OPEN, Standing.REJECTED):
        return (_confirmed(one),)
    return Outcome.CANNOT_BE_TAKEN_BACK


def _confirmed(one: Accepted) -> PurchaseConfirmed:
    return PurchaseConfirmed(one.shop_id, one.order_id, one.at, one.source, feed=FEED)


def _taken_back(one: Accepted, known: Dossier | None, why: RejectReason) -> Facts | Outcome:
    if known is None or standing_of(known) is Standing.RETURNED:
        return Outcome.NOTHING_TO_BOOK
    return (_returned(one, CANCELLATION, None, why),)


def _returned(
    one: Accepted, return_id: str, lines: tuple[ReturnLine, ...] | None, why: RejectReason
) -> PurchaseReturned:
    return PurchaseReturned(
        one.shop_id,
        one.order_id,
        one.at,
        one.source,
        return_id,
        lines,
        reason="by the shop's statement",
        reject_reason=why,
        feed=FEED,
    )


def _amount(one: Accepted, known: Dossier | None) -> Facts | Outcome:
    if known is None or known.stated is None or one.their_amount is None:
        return Outcome.NOTHING_TO_BOOK
    left = left_of(known)
    total, counted = sum(left.values()), counted_of(known)
    if one.their_amount == counted:
        return Outcome.NOTHING_TO_BOOK
    if one.their_amount < counted:
        lines = tuple(_less(left, total - one.their_amount))
        return (_returned(one, f"statement-{one.id}", lines, RejectReason.OTHER),)
    is_capped = known.ceiling is not None and known.ceiling < one.their_amount
    if is_capped or known.facts.returned_whole:
        return Outcome.CANNOT_BE_TAKEN_BACK
    if not known.stated.rank.whole:
        return Outcome.TOLD_IN_PIECES
    return (_more(one, known.stated, known.facts.returned, one.their_amount - total),)


def _less(left: dict[str, int], excess: int) -> list[ReturnLine]:
    """What came back by lines: the last lines give first."""
    found = []
    for line in sorted(left, reverse=True):
        taken = min(excess, left[line])
        if taken:
            found.append(ReturnLine(line, 1, taken))
        excess -= taken
    return found


def _more(one: Accepted, stated: Stated, returned: Mapping[str, int], more: int) -> PurchaseStated:
    """The purchase restated with its first line so much dearer, of a higher rank than it has."""
    lines = {line_id: piece.line for line_id, piece in sorted(stated.lines.items())}
    first = next(iter(lines))
    amount = max(lines[first].amount, returned.get(first, 0)) + more
    lines[first] = replace(lines[first], amount=amount)
    return PurchaseStated(
        one.shop_id,
        one.order_id,
        max(one.at, stated.rank.at + timedelta(microseconds=1)),
        one.source,
        amended=True,
        click_id=stated.click_id,
        ordered_at=stated.ordered_at,
        lines=tuple(lines.values()),
        feed=stated.feed,
        known_at=one.at,
    )
