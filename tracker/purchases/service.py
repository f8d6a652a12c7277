"""The room's verbs: booking what shops report, ending holds, the word of staff (from the desk).

The caller owns the unit of work. Booking works on many purchases at once: one report is a batch of
one.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from tracker.clicks.service import by_ids
from tracker.kit.errors import TrackerError
from tracker.purchases.contracts import PurchaseReport, PurchaseStated
from tracker.purchases.desk import (
    Change,
    ClickDoesNotFit,
    ClickNotFound,
    PurchaseNotAwaitingStaff,
    PurchaseNotFound,
    PurchaseNotStated,
    PurchaseNotSuspected,
    decide,
    reattribute,
    separate,
    vouch,
)
from tracker.purchases.filing import file
from tracker.purchases.keys import order_key
from tracker.purchases.loading import Key, open_by_ids, open_by_keys
from tracker.purchases.models import Purchase
from tracker.purchases.refusals import NearDuplicate
from tracker.purchases.rules import Status
from tracker.purchases.settling import Programme, settle

__all__ = [
    "Change",
    "ClickDoesNotFit",
    "ClickNotFound",
    "Programme",
    "PurchaseNotAwaitingStaff",
    "PurchaseNotFound",
    "PurchaseNotStated",
    "PurchaseNotSuspected",
    "book",
    "decide",
    "end_holds",
    "reattribute",
    "separate",
    "vouch",
]

HOLDS_AT_ONCE = 500


def book(
    session: Session, reports: Sequence[PurchaseReport], programme: Programme
) -> dict[int, TrackerError]:
    """Keep what was reported and move the ledger accordingly, all together.

    Returns the reports that were refused, by their place in the sequence; the others are booked.
    The refusals are those of `refusals`: ReturnDiffers, NearDuplicate, AmountNotProven,
    TooManyLines and TooManyReturns.
    """
    keys: dict[Key, bool] = {}
    for one in reports:
        known = (one.shop_id, one.order_id)
        keys[known] = keys.get(known) or one.trusted or isinstance(one, PurchaseStated)
    dossiers = open_by_keys(session, keys)
    refused: dict[int, TrackerError] = {}
    near = _others_near(session, [key for key in keys if key not in dossiers])
    for place, report in enumerate(reports):
        key = (report.shop_id, report.order_id)
        try:
            if key in near:
                raise NearDuplicate(f"order {report.order_id!r} looks like order {near[key]!r}")
            file(dossiers[key], report)
        except TrackerError as error:
            refused[place] = error
    settle(session, list(dossiers.values()), programme)
    return refused


def _others_near(session: Session, keys: Sequence[Key]) -> dict[Key, str]:
    """The orders in whose place some others cannot be opened."""
    if not keys:
        return {}
    looks = {(shop, order): order_key(order) for shop, order in keys}
    match = tuple_(Purchase.shop_id, Purchase.order_key).in_(
        [(shop, look) for (shop, _), look in looks.items()]
    )
    rows = session.execute(
        select(Purchase.shop_id, Purchase.order_key, Purchase.order_id).where(match)
    )
    known = {(row.shop_id, row.order_key): row.order_id for row in rows}
    return {key: known[key[0], look] for key, look in looks.items()}


def end_holds(session: Session, as_of: datetime, programme: Programme) -> int:
    """End a chunk of the holds that are over at a moment; returns how many, 0 when none is left.

    Each purchase goes by the policy promised at its click.
    """
    due = session.scalars(
        select(Purchase.id)
        .where(Purchase.status == Status.PENDING, Purchase.hold_ends_at <= as_of)
        .order_by(Purchase.hold_ends_at, Purchase.id)
        .limit(HOLDS_AT_ONCE)
    ).all()
    ended = []
    for one in open_by_ids(session, due):
        # Between the look and the lock somebody may have been quicker.
        if one.standing.status is Status.PENDING and one.hold_ends_at and one.hold_ends_at <= as_of:
            one.learn(one.hold_ends_at)
            ended.append(one)
    clicks = by_ids(session, {one.promise for one in ended if one.promise})
    for one in ended:
        one.hold_outcome = clicks[one.promise or ""].terms.on_hold_end
    settle(session, ended, programme)
    return len(due)
