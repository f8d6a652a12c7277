"""What staff say of a purchase. The caller owns the unit of work, and audits what changed."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tracker.clicks.rules import Click, OnHoldEnd, Unattributed, why_unattributed
from tracker.clicks.service import by_ids
from tracker.kit.errors import Conflict, Invalid, NotFound
from tracker.purchases.by_hand import Alone
from tracker.purchases.dossiers import Dossier
from tracker.purchases.keys import key_apart, key_unproved, order_key
from tracker.purchases.loading import open_by_ids
from tracker.purchases.models import Purchase
from tracker.purchases.rules import Status
from tracker.purchases.settling import Programme, settle


class PurchaseNotFound(NotFound):
    """No such purchase."""

    code = "purchase_not_found"


class PurchaseNotAwaitingStaff(Conflict):
    """Staff decide what awaits them, and what is pending on a word that nobody proved."""

    code = "purchase_not_awaiting_staff"


class PurchaseNotSuspected(Conflict):
    """Nothing takes this order for another one."""

    code = "purchase_not_suspected"


class PurchaseNotStated(Conflict):
    """The shop has not reported the purchase itself yet."""

    code = "purchase_not_stated"


class ClickNotFound(NotFound):
    """No such click."""

    code = "click_not_found"


class ClickDoesNotFit(Conflict):
    """The order cannot be credited to this click: another shop's, or ordered too late."""

    code = "click_does_not_fit"


class Change(NamedTuple):
    """What a word of staff did to a purchase, for the audit: plain values, kopecks."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]


def decide(
    session: Session, purchase_id: int, outcome: OnHoldEnd, at: datetime, programme: Programme
) -> Change:
    """Confirm or reject a purchase that awaits staff, or is pending on an unproved word.

    Raises PurchaseNotFound and PurchaseNotAwaitingStaff.
    """
    one = _opened(session, purchase_id)
    before = _picture(one)
    status = one.standing.status
    is_unproved = not one.is_trusted or one.claimed_at is not None
    is_theirs = status is Status.AWAITING_STAFF or (status is Status.PENDING and is_unproved)
    if not is_theirs:
        raise PurchaseNotAwaitingStaff(f"purchase {purchase_id} is {status}")
    if outcome is OnHoldEnd.WAIT_FOR_STAFF:
        raise Invalid("staff confirm or reject")
    one.staff_outcome = outcome
    return _settled(session, one, before, at, programme)


def reattribute(
    session: Session,
    purchase_id: int,
    click_id: str,
    at: datetime,
    programme: Programme,
    *,
    alone: Alone | None = None,
) -> Change:
    """Credit a purchase to a click, whatever the shop says of it, now and later.

    The promise is the click's, with a hold of its own. By whose word it is is kept, where it is
    one person's ``alone``: see `credit_alone`. Raises PurchaseNotFound,
    PurchaseNotStated, ClickNotFound and ClickDoesNotFit.
    """
    one = _opened(session, purchase_id)
    before = _picture(one)
    if one.stated is None:
        raise PurchaseNotStated(f"purchase {purchase_id} is {one.standing.status}")
    click = by_ids(session, {click_id}).get(click_id)
    _see_that_it_fits(one, click_id, click, one.stated.ordered_at)
    if one.promise != click_id:
        one.hold_outcome = None
    one.attributed_click_id = click_id
    said = {"who": alone and alone.login, "at": alone and alone.at}
    session.execute(_NOTE_WHO, {"purchase": purchase_id, **said})
    return _settled(session, one, before, at, programme)


def separate(
    session: Session,
    shop_id: int,
    order_id: str,
    *,
    reason: str,
    at: datetime,
    programme: Programme,
) -> Change:
    """Declare an order one of its own, although it looks like another.

    One that was refused as a near-duplicate can be booked from now on; one that waits for staff as
    the same sale by another feed goes on as any other. Raises PurchaseNotSuspected.
    """
    if not reason.strip():
        raise Invalid("a reason is needed", fields={"reason": "is missing"})
    given = {"shop": shop_id, "order": order_id, "look": order_key(order_id)}
    keys = {"apart": key_apart(order_id), "unproved": key_unproved(order_id)}
    session.execute(_OPEN_APART, {**given, **keys, "reason": reason})
    found = session.scalar(
        select(Purchase.id).where(Purchase.shop_id == shop_id, Purchase.order_id == order_id)
    )
    if found is None:
        raise PurchaseNotSuspected(f"no other order of shop {shop_id} looks like {order_id!r}")
    one = _opened(session, found)
    before = _picture(one)
    if one.suspect_of is None and one.separate_reason is None:
        raise PurchaseNotSuspected(f"order {order_id!r} of shop {shop_id} is on its own already")
    one.separate_reason = one.separate_reason or reason
    return _settled(session, one, before, at, programme)


def vouch(
    session: Session, purchase_id: int, total: int, at: datetime, programme: Programme
) -> Change:
    """Take the word of a source that proves nothing, up to a total in kopecks.

    What was refused as not proven can be booked then: its event is to be retried. Raises
    PurchaseNotFound.
    """
    one = _opened(session, purchase_id)
    before = _picture(one)
    one.vouched_total = total
    return _settled(session, one, before, at, programme)


def looked_at(session: Session, ids: Collection[int]) -> list[dict[str, Any]]:
    """Whose these purchases are and what was ordered (kopecks), by their ids; they stay so until
    the unit of work ends. Raises PurchaseNotFound."""
    found = {one.id: one for one in open_by_ids(session, ids)}
    for missing in sorted(set(ids) - set(found)):
        raise PurchaseNotFound(f"no purchase {missing}")
    return [
        {
            "purchase_id": one.id,
            "member_id": one.standing.member_id,
            "ordered": one.stated.total if one.stated else None,
        }
        for _, one in sorted(found.items())
    ]


def _opened(session: Session, purchase_id: int) -> Dossier:
    found = open_by_ids(session, [purchase_id])
    if not found:
        raise PurchaseNotFound(f"no purchase {purchase_id}")
    return found[0]


def _settled(
    session: Session, one: Dossier, before: dict[str, Any], at: datetime, programme: Programme
) -> Change:
    one.learn(at)
    settle(session, [one], programme)
    return Change(before, _picture(one))


def _see_that_it_fits(
    one: Dossier, click_id: str, click: Click | None, ordered_at: datetime
) -> None:
    why = why_unattributed(click_id, click, shop_id=one.shop_id, ordered_at=ordered_at)
    if why is Unattributed.UNKNOWN_CLICK or not click_id:
        raise ClickNotFound(f"no click {click_id!r}")
    if why:
        raise ClickDoesNotFit(f"order {one.order_id!r}, click {click_id!r}: {why}")


def _picture(one: Dossier) -> dict[str, Any]:
    standing = one.standing
    return {
        "purchase_id": one.id,
        "order_id": one.order_id,
        "status": str(standing.status),
        "member_id": standing.member_id,
        "click_id": one.promise,
        "staff_outcome": one.staff_outcome and str(one.staff_outcome),
        "separate_reason": one.separate_reason,
        "vouched_total": one.vouched_total,
        "pending_cashback": standing.pending.cashback,
        "confirmed_cashback": standing.confirmed.cashback,
    }


_NOTE_WHO = text("""
    UPDATE purchases SET attributed_by = :who, attributed_at = CAST(:at AS timestamptz)
    WHERE id = :purchase
""")

# Only beside an order that looks like it: a slip of the pen opens nothing.
_OPEN_APART = text("""
    INSERT INTO purchases (shop_id, order_id, order_key, separate_reason)
    SELECT shop_id, CAST(:order AS text), CAST(:apart AS text), CAST(:reason AS text)
    FROM purchases
    WHERE shop_id = :shop AND order_key = :look AND order_id <> :order
    ON CONFLICT (shop_id, order_id) DO UPDATE
    SET order_key = excluded.order_key, separate_reason = excluded.separate_reason
    WHERE purchases.order_key = :unproved
""")
