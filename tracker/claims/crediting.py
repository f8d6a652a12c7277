"""Answering claims as one of the staff: alone, or, where that credits much, by two. The caller owns
the unit of work."""

from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from tracker.claims.answering import Hand, close, credit, fitting
from tracker.claims.models import Claim
from tracker.claims.queries import claim_of, open_claim
from tracker.claims.rules import Outcome
from tracker.claims.service import decide
from tracker.kit.runtime import Runtime
from tracker.proposals.contracts import Action, Approved, Facts, Unit
from tracker.proposals.models import Proposal
from tracker.proposals.service import Wish, propose
from tracker.purchases.by_hand import Alone, TooMuch, credit_alone
from tracker.purchases.settling import programme_of
from tracker.staff.service import Person


def hand_of(session: Session, house: Runtime, now: datetime, by: Person | None = None) -> Hand:
    """What answering takes, by the settings. Of what one person credits alone it is noted who."""
    alone = Alone(by.login, house.clock.now()) if by else None
    return Hand(session, house.settings.keys, programme_of(house.settings), now, alone)


def answer(
    session: Session,
    house: Runtime,
    claim_id: int,
    outcome: Outcome,
    by: Person,
    *,
    now: datetime,
    reason: str,
    click_id: str | None = None,
) -> tuple[Claim, Proposal | None]:
    """Answer a claim as one of the staff; what is too much for one is proposed: the claim waits.

    Raises as `decide` does, and as `propose`.
    """
    hand = hand_of(session, house, now, by)
    say = partial(decide, hand, claim_id, outcome, who=by.login, reason=reason, click_id=click_id)
    if hand.alone is None or outcome is not Outcome.CREDITED:
        return say(), None
    limit = house.settings.credit_by_hand_limit
    made = credit_alone(session, hand.alone, limit, say, _purchases)
    if not isinstance(made, TooMuch):
        return made, None
    payload = {"claim_id": claim_id, "click_id": click_id, "cashback": made.cashback}
    subject = f"claim:{claim_id}"
    wish = Wish(payload=payload, subject=subject, reason=reason, slot=f"claim.credit:{claim_id}")
    return claim_of(session, claim_id), propose(session, house, CREDITING, wish, by)


def _purchases(claim: Claim) -> list[int]:
    return [claim.purchase_id] if claim.purchase_id is not None else []


def _seen(session: Session, payload: Facts) -> Facts:
    """The claim, which waits, and the order, which is nobody's: whose cashback, and of what sum."""
    claim = open_claim(session, payload["claim_id"])
    found = fitting(session, claim, payload["click_id"])
    return {
        "member_id": claim.member_id,
        "shop_id": claim.shop_id,
        "purchase_id": found.purchase_id,
        "claimed": claim.amount,
        "ordered": found.known.amount,
    }


def _carry_out(session: Session, house: Runtime, what: Approved) -> None:
    claim = open_claim(session, what.payload["claim_id"])
    hand = hand_of(session, house, what.now)
    credit(hand, claim, fitting(session, claim, what.payload["click_id"]))
    claim.decided_by = what.proposed_by
    close(hand, claim, Outcome.CREDITED)


CREDITING = Action(
    name="claim.credit",
    about="A member gets the purchase that a claim is about, with its cashback.",
    units={
        "claim_id": Unit.PLAIN,
        "member_id": Unit.PLAIN,
        "shop_id": Unit.PLAIN,
        "purchase_id": Unit.PLAIN,
        "cashback": Unit.KOPECKS,
        "claimed": Unit.KOPECKS,
        "ordered": Unit.KOPECKS,
    },
    seen=_seen,
    carry_out=_carry_out,
)
