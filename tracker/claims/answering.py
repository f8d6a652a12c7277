"""What an answer does to a claim, whoever gives it. The caller owns the unit of work."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from tracker.audit.service import record
from tracker.claims.matching import click_for, is_click_of, known_of
from tracker.claims.models import Claim
from tracker.claims.rules import Known, NothingToCredit, Outcome, State
from tracker.kit.crypto import Keyring
from tracker.notifications.contracts import Kind, Notice
from tracker.notifications.service import notify
from tracker.purchases.by_hand import Alone
from tracker.purchases.desk import reattribute
from tracker.purchases.settling import Programme


@dataclass(frozen=True, slots=True)
class Hand:
    """What answering takes."""

    session: Session
    keys: Keyring
    programme: Programme
    now: datetime
    alone: Alone | None = None
    """The one of the staff by whose word alone something is credited; None: nobody alone."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """The purchase that staff may credit a claim with, and the click it goes by."""

    purchase_id: int
    click_id: str
    known: Known


def fitting(session: Session, claim: Claim, click_id: str | None) -> Fitting:
    """The purchase that is meant, if it is nobody's or the member's own; it stays as it is until
    the unit of work ends. Raises NothingToCredit."""
    known, purchase_id = known_of(
        session, claim.shop_id, claim.order_id, claim.order_key, lock=True
    )
    if known is None or purchase_id is None:
        raise NothingToCredit
    ordered_at = known.ordered_at or claim.ordered_at
    click = click_id or click_for(session, claim.member_id, claim.shop_id, ordered_at)
    if click is None or not is_click_of(session, click, claim.member_id):
        raise NothingToCredit("no click of the member's fits")
    if known.member_id not in (None, claim.member_id):
        raise NothingToCredit("the purchase is another member's")
    return Fitting(purchase_id, click, known)


def credit(hand: Hand, claim: Claim, found: Fitting) -> None:
    """Give the member the purchase, unless it is the member's own. Raises as `reattribute`."""
    if found.known.member_id is None:
        give(hand, claim, found.purchase_id, found.click_id)
    claim.purchase_id = found.purchase_id


def give(hand: Hand, claim: Claim, purchase_id: int, click_id: str) -> None:
    """Let a purchase that is nobody's be the claimant's, by a click. Raises as `reattribute`."""
    change = reattribute(
        hand.session, purchase_id, click_id, hand.now, hand.programme, alone=hand.alone
    )
    claim.purchase_id = purchase_id
    record(
        hand.session,
        "system",
        "purchase.reattribute",
        f"purchase:{purchase_id}",
        reason=f"claim {claim.id}",
        before=change.before,
        after=change.after,
    )


def close(hand: Hand, claim: Claim, outcome: Outcome, *, told: bool = True) -> None:
    """The claim is answered; the member is told, unless it was the member's own word."""
    claim.state, claim.outcome, claim.closed_at = State.CLOSED, outcome, hand.now
    if told:
        notice = Notice(
            claim.member_id,
            Kind.CLAIM_ANSWERED,
            f"claim:{claim.id}:answered",
            {"shop": claim.shop_id},
        )
        notify(hand.session, [notice], hand.now)
    hand.session.flush()
