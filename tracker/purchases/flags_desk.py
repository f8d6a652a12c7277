"""Flags as staff see them: listed, counted, reviewed. The caller owns the unit of work."""

from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Row, func, select, update
from sqlalchemy.orm import Session

from tracker.audit.rules import check_reason
from tracker.audit.service import record
from tracker.clicks.sanity import Sign
from tracker.kit.errors import Conflict, NotFound
from tracker.purchases.flags_models import PurchaseFlag
from tracker.purchases.models import Purchase


class FlagNotFound(NotFound):
    """The purchase has no such flag."""

    code = "flag_not_found"


class FlagReviewed(Conflict):
    """Somebody has looked at this already."""

    code = "flag_reviewed"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which flags."""

    flag: Sign | None = None
    shop_id: int | None = None
    reviewed: bool | None = None
    after: int = 0
    limit: int = 100


Flagged: TypeAlias = Row[Any]
"""A flag with what it is of: the columns of `_COLUMNS`."""

_COLUMNS = (
    PurchaseFlag.id,
    PurchaseFlag.purchase_id,
    PurchaseFlag.flag,
    PurchaseFlag.noted_at,
    PurchaseFlag.reviewed_at,
    PurchaseFlag.reviewed_by,
    PurchaseFlag.note,
    Purchase.shop_id,
    Purchase.order_id,
    Purchase.member_id,
    Purchase.click_id,
    Purchase.ordered_at,
    Purchase.status,
    Purchase.stated_total.label("total"),
)


def flagged(session: Session, wanted: Wanted) -> list[Flagged]:
    """Flags in the order in which they were noted, each with its purchase."""
    query = (
        select(*_COLUMNS)
        .join(Purchase, Purchase.id == PurchaseFlag.purchase_id)
        .where(PurchaseFlag.id > wanted.after)
        .order_by(PurchaseFlag.id)
        .limit(wanted.limit)
    )
    if wanted.flag is not None:
        query = query.where(PurchaseFlag.flag == wanted.flag)
    if wanted.shop_id is not None:
        query = query.where(Purchase.shop_id == wanted.shop_id)
    if wanted.reviewed is not None:
        is_open = PurchaseFlag.reviewed_at.is_(None)
        query = query.where(~is_open if wanted.reviewed else is_open)
    return list(session.execute(query))


def review(session: Session, purchase_id: int, flag: Sign, who: str, note: str) -> Flagged:
    """Somebody has looked at a flag, and found what the note says; it stands so for good.

    Money is not moved by it: what is to be done about the purchase is said of the purchase.
    Raises FlagNotFound, FlagReviewed, and ReasonMissing for a note of blanks.
    """
    said = check_reason(note)
    match = PurchaseFlag.purchase_id == purchase_id, PurchaseFlag.flag == flag
    done = session.scalar(
        update(PurchaseFlag)
        .where(*match, PurchaseFlag.reviewed_at.is_(None))
        .values(reviewed_at=func.now(), reviewed_by=who, note=said)
        .returning(PurchaseFlag.id)
    )
    if done is None:
        if session.scalar(select(PurchaseFlag.id).where(*match)) is None:
            raise FlagNotFound(f"purchase {purchase_id} has no flag {flag}")
        raise FlagReviewed(f"flag {flag} of purchase {purchase_id} was reviewed")
    subject, after = f"purchase:{purchase_id}", {"flag": str(flag)}
    record(session, who, "purchase.flag.review", subject, reason=said, after=after)
    return flagged(session, Wanted(after=done - 1, limit=1))[0]


def gauges(session: Session) -> dict[str, float]:
    """How many flags nobody has looked at yet."""
    waiting = session.scalar(
        select(func.count()).select_from(PurchaseFlag).where(PurchaseFlag.reviewed_at.is_(None))
    )
    return {"purchases_flagged": waiting or 0}
