"""Verbs on claims. The caller owns the unit of work; staff's are audited here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tracker.audit.service import record
from tracker.claims.answering import Hand, close, credit, fitting, give
from tracker.claims.matching import click_for, known_of
from tracker.claims.models import Claim, ClaimFile
from tracker.claims.queries import open_claim
from tracker.claims.rules import (
    ANSWERED_WITHIN,
    FILED_WITHIN,
    LOOKED_AT_EVERY,
    MAX_FILED,
    MAX_OPEN,
    ClaimKnown,
    ClaimNotFound,
    Finding,
    Known,
    Outcome,
    State,
    Told,
    TooManyClaims,
    compare,
    media_type,
    see_that_it_is_time,
)
from tracker.kit.crypto import Keyring
from tracker.kit.database import constraint_name
from tracker.members.service import find
from tracker.purchases.keys import order_key


@dataclass(frozen=True, slots=True)
class Filing:
    """What a member sends: the order as the receipt has it, words, and files."""

    shop_id: int
    order_id: str
    ordered_at: datetime
    amount: int
    note: str
    files: Sequence[bytes] = ()


def file(hand: Hand, member_id: int, filing: Filing) -> Claim:
    """Take a claim, and answer it at once where the events settle it.

    Raises TooEarly, TooLate, FileNotUsable, ClaimKnown and TooManyClaims.
    """
    session, now = hand.session, hand.now
    see_that_it_is_time(filing.ordered_at, now)
    kinds = [media_type(one) for one in filing.files]
    find(session, member_id, lock=True)
    if _count_open(session, member_id) >= MAX_OPEN:
        raise TooManyClaims(f"{MAX_OPEN} wait for an answer")
    if _count_filed(session, member_id, now - FILED_WITHIN) >= MAX_FILED:
        raise TooManyClaims(f"{MAX_FILED} were made within {FILED_WITHIN.days} days")
    claim = Claim(
        member_id=member_id,
        shop_id=filing.shop_id,
        order_id=filing.order_id,
        order_key=order_key(filing.order_id),
        ordered_at=filing.ordered_at,
        amount=filing.amount,
        note_sealed=hand.keys.seal(purpose_of_note(member_id), filing.note.encode()),
        state=State.WITH_STAFF,
        filed_at=now,
        deadline=now + ANSWERED_WITHIN,
        look_at=now + LOOKED_AT_EVERY,
    )
    session.add(claim)
    try:
        session.flush()
    except IntegrityError as error:
        if constraint_name(error) == "uq_claims_member_id_shop_id_order_key":
            raise ClaimKnown from error
        raise
    for content, kind in zip(filing.files, kinds, strict=True):
        sealed = hand.keys.seal(purpose_of_file(claim.id), content)
        session.add(ClaimFile(claim_id=claim.id, media_type=kind, size=len(content), sealed=sealed))
    _match(hand, claim, is_new=True)
    session.flush()
    return claim


def look_again(hand: Hand, limit: int) -> int:
    """See of a chunk of open claims whether the shop has reported the purchase meanwhile.

    Returns how many were looked at; 0 when none is due.
    """
    due = hand.session.scalars(
        select(Claim)
        .where(Claim.state == State.WITH_STAFF, Claim.look_at <= hand.now)
        .order_by(Claim.look_at, Claim.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for claim in due:
        claim.look_at = hand.now + LOOKED_AT_EVERY
        _match(hand, claim)
    hand.session.flush()
    return len(due)


def withdraw(hand: Hand, member_id: int, claim_id: int) -> Claim:
    """The member takes a claim back. Raises ClaimNotFound and ClaimClosed."""
    claim = open_claim(hand.session, claim_id, member_id)
    close(hand, claim, Outcome.WITHDRAWN, told=False)
    return claim


def decide(
    hand: Hand, claim_id: int, outcome: Outcome, *, who: str, reason: str, click_id: str | None
) -> Claim:
    """Staff answer a claim. Crediting needs a purchase that is there, and a click of the member's;
    how much one may credit alone is `crediting`'s to see.

    Raises ClaimNotFound, ClaimClosed, NothingToCredit, and what `desk.reattribute` raises.
    """
    claim = open_claim(hand.session, claim_id)
    before = {"state": claim.state, "outcome": claim.outcome}
    if outcome is Outcome.CREDITED:
        credit(hand, claim, fitting(hand.session, claim, click_id))
    claim.decided_by = who
    close(hand, claim, outcome)
    record(
        hand.session,
        who,
        "claim.decide",
        f"claim:{claim_id}",
        reason=reason,
        before=before,
        after={"outcome": str(outcome), "purchase_id": claim.purchase_id, "click_id": click_id},
    )
    return claim


def purpose_of_note(member_id: int) -> str:
    """What a member's words are sealed for."""
    return f"note of a claim of member {member_id}"


def purpose_of_file(claim_id: int) -> str:
    """What a file of a claim is sealed for."""
    return f"file of claim {claim_id}"


def _match(hand: Hand, claim: Claim, *, is_new: bool = False) -> None:
    """Answer the claim if what the shops have reported leaves no doubt."""
    session = hand.session
    known, purchase_id = known_of(session, claim.shop_id, claim.order_id, claim.order_key)
    finding = _compared(claim, known)
    if finding is Finding.MINE:
        claim.purchase_id = purchase_id
        close(hand, claim, Outcome.ALREADY_TRACKED)
    elif is_new and not click_for(session, claim.member_id, claim.shop_id, claim.ordered_at):
        close(hand, claim, Outcome.NO_CLICK)
    elif finding is Finding.CREDIT:
        _credit_if_free(hand, claim)


def _compared(claim: Claim, known: Known | None) -> Finding:
    return compare(Told(claim.ordered_at, claim.amount), known, claim.member_id)


def _credit_if_free(hand: Hand, claim: Claim) -> None:
    """Credit the order that was found, unless it is somebody's by now.

    By the shop's word of when it was ordered: a member's may be a day off, and a click that came
    after the order earns nothing.
    """
    session = hand.session
    known, purchase_id = known_of(
        session, claim.shop_id, claim.order_id, claim.order_key, lock=True
    )
    if known is None or known.ordered_at is None or purchase_id is None:
        return
    click = click_for(session, claim.member_id, claim.shop_id, known.ordered_at)
    if click is not None and _compared(claim, known) is Finding.CREDIT:
        give(hand, claim, purchase_id, click)
        close(hand, claim, Outcome.CREDITED)


def _count_open(session: Session, member_id: int) -> int:
    query = select(func.count()).where(
        Claim.member_id == member_id, Claim.state == State.WITH_STAFF
    )
    return session.scalar(query) or 0


def _count_filed(session: Session, member_id: int, since: datetime) -> int:
    query = select(func.count()).where(Claim.member_id == member_id, Claim.filed_at > since)
    return session.scalar(query) or 0


def note_of(keys: Keyring, claim: Claim) -> str | None:
    """The member's own words; None after an erasure."""
    if claim.note_sealed is None:
        return None
    return keys.open(purpose_of_note(claim.member_id), claim.note_sealed).decode()


def file_of(session: Session, keys: Keyring, claim_id: int, file_id: int) -> bytes:
    """The content of a file of a claim. Raises ClaimNotFound."""
    found = session.get(ClaimFile, file_id)
    if found is None or found.claim_id != claim_id or found.sealed is None:
        raise ClaimNotFound(f"claim {claim_id} has no file {file_id}")
    return keys.open(purpose_of_file(claim_id), found.sealed)
