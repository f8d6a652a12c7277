"""What one of the staff may credit alone, and what takes two. The caller owns the unit of work.

Whoever answers claims sees which orders are nobody's, and could let a friend claim them. So what
one of the staff has credited within a day, and what a member was credited by staff, is limited
(``CREDIT_BY_HAND_LIMIT``); beyond that the answer is a proposal, and another approves it.
"""

from datetime import datetime, timedelta

from sqlalchemy import text
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
from tracker.purchases.settling import programme_of
from tracker.staff.service import Person

_TOGETHER = timedelta(days=1)


def hand_of(session: Session, house: Runtime, now: datetime) -> Hand:
    """What answering takes, by the settings."""
    return Hand(session, house.settings.keys, programme_of(house.settings), now)


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
    """Answer a claim as one of the staff; what is above the limit is proposed, and the claim waits.

    Raises as `decide` does, and as `propose`.
    """
    # Of one person's acts at once each sees what the others credited; a member's are parted by the
    # lock of the balance.
    session.execute(_ONE_AFTER_ANOTHER, {"name": f"credits by {by.login}"})
    attempt = session.begin_nested()
    hand = hand_of(session, house, now)
    claim = decide(hand, claim_id, outcome, who=by.login, reason=reason, click_id=click_id)
    limit = house.settings.credit_by_hand_limit
    if outcome is not Outcome.CREDITED or _together(session, claim, by, now) <= limit:
        attempt.commit()
        return claim, None
    payload = {"claim_id": claim_id, "click_id": click_id, "cashback": _cashback(session, claim)}
    attempt.rollback()
    subject = f"claim:{claim_id}"
    wish = Wish(payload=payload, subject=subject, reason=reason, slot=f"claim.credit:{claim_id}")
    return claim_of(session, claim_id), propose(session, house, CREDITING, wish, by)


def _cashback(session: Session, claim: Claim) -> int:
    return int(session.scalar(_OF_PURCHASE, {"purchase": claim.purchase_id}) or 0)


def _together(session: Session, claim: Claim, by: Person, now: datetime) -> int:
    """Kopecks that this one of the staff, or any to this member, has credited within a day, by one
    person's word; this claim's among them."""
    given = {"who": by.login, "member": claim.member_id, "since": now - _TOGETHER}
    return int(session.scalar(_CREDITED, given) or 0)


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

_ONE_AFTER_ANOTHER = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")

_OF_PURCHASE = text("""
    SELECT pending_cashback + confirmed_cashback FROM purchases WHERE id = :purchase
""")

_CREDITED = text("""
    SELECT sum(pending_cashback + confirmed_cashback)
    FROM claims JOIN purchases ON purchases.id = purchase_id
    WHERE outcome = 'credited' AND decided_by IS NOT NULL AND closed_at > :since
      AND (decided_by = :who OR claims.member_id = :member)
      AND NOT EXISTS (SELECT FROM proposals
                      WHERE slot = 'claim.credit:' || claims.id AND proposals.state = 'approved')
""")
