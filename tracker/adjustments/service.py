"""Proposing adjustments, and booking those that were approved. The caller owns the unit of work."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.adjustments.models import AdjustmentRow
from tracker.adjustments.notices import adjusted_notice
from tracker.adjustments.rules import (
    GIVES,
    Adjustment,
    AdjustmentUnsound,
    Cause,
    DebtIsLess,
    Kind,
    MemberHasLeft,
    PayoutNotRefused,
    PayoutTakenBack,
    act_of,
    check,
    posting_of,
    subject_of,
)
from tracker.goals.service import post_and_put_aside
from tracker.kit.money import format_rubles
from tracker.kit.runtime import Runtime
from tracker.ledger.service import lock_members
from tracker.members.models import Member
from tracker.notifications.service import notify
from tracker.proposals.contracts import Action, Approved, Facts, Unit, named
from tracker.proposals.models import Proposal
from tracker.proposals.rules import fingerprint
from tracker.proposals.service import Wish, propose
from tracker.settlement.models import Payout
from tracker.settlement.rules import PayoutState
from tracker.staff.service import Person

_REFUSED = (PayoutState.FAILED, PayoutState.WITHHELD)
"""How a payout ended of which we think that the operator did not pay it."""


def ask_for(
    session: Session, house: Runtime, one: Adjustment, by: Person, *, key: str | None = None
) -> Proposal:
    """Propose an adjustment; nothing moves before another person approves it.

    ``key``: the proposer's idempotency key. Without one, the very same is not proposed again while
    it waits. Raises AdjustmentUnsound, MemberHasLeft, DebtIsLess, PayoutNotRefused,
    PayoutTakenBack, and as `propose` does.
    """
    check(one, most=house.settings.adjustment_max, now=house.clock.now())
    payload = _payload(one)
    wish = Wish(
        payload=payload,
        subject=subject_of(one.member_id),
        reason=one.note,
        slot=f"adjustment:{fingerprint(payload)}",
        request_key=key,
    )
    return propose(session, house, ACTIONS[act_of(one.kind)], wish, by)


def adjustment_from(payload: Facts) -> Adjustment:
    """The adjustment that a proposal's payload says."""
    moment = payload["effective_at"]
    return Adjustment(
        kind=Kind(payload["kind"]),
        member_id=payload["member_id"],
        amount=payload["amount"],
        cause=Cause(payload["cause"]),
        note=payload["note"],
        effective_at=None if moment is None else datetime.fromisoformat(moment),
        payout_id=payload["payout_id"],
    )


def _payload(one: Adjustment) -> Mapping[str, Any]:
    at = one.effective_at
    return {
        "kind": str(one.kind),
        "member_id": one.member_id,
        "amount": one.amount,
        "cause": str(one.cause),
        "note": one.note,
        "effective_at": None if at is None else at.astimezone(UTC).isoformat(),
        "payout_id": one.payout_id,
    }


def _seen(session: Session, payload: Facts) -> Facts:
    """Other adjustments of the member; of a write-off the debt, of a payout what became of it.

    The balance is not among it, but for a debt: cashback that comes in changes nothing about what
    is right. Payouts are locked before members.
    """
    one = adjustment_from(payload)
    seen = _payout_seen(session, one) if one.payout_id is not None else {}
    member = session.get(Member, one.member_id)
    if member is None:
        raise AdjustmentUnsound(fields={"member_id": "is nobody's"})
    balance = lock_members(session, [one.member_id])[one.member_id]
    if one.kind in GIVES - {Kind.WRITE_OFF} and member.closed_at is not None:
        raise MemberHasLeft
    if one.kind is Kind.WRITE_OFF:
        if balance.available > -one.amount:
            owes = format_rubles(max(-balance.available, 0))
            raise DebtIsLess(f"the debt of member {one.member_id} is {owes} RUB")
        seen |= {"debt": -balance.available}
    made = select(func.count()).where(AdjustmentRow.member_id == one.member_id)
    return seen | {"adjustments": session.scalar(made)}


def _payout_seen(session: Session, one: Adjustment) -> dict[str, Any]:
    payout = session.get(Payout, one.payout_id, with_for_update=True, populate_existing=True)
    if (
        payout is None
        or payout.state not in _REFUSED
        or (payout.member_id, payout.amount) != (one.member_id, one.amount)
    ):
        raise PayoutNotRefused
    taken = select(AdjustmentRow.id).where(AdjustmentRow.payout_id == one.payout_id)
    if session.scalar(taken) is not None:
        raise PayoutTakenBack
    return {"payout_state": payout.state}


def _carry_out(session: Session, _: Runtime, what: Approved) -> None:
    """Book it, and tell the member. Its members and payouts are locked."""
    one, number = adjustment_from(what.payload), what.proposal_id
    counts = one.effective_at or what.now
    session.add(
        AdjustmentRow(
            id=number,
            member_id=one.member_id,
            kind=one.kind,
            cause=one.cause,
            amount=one.amount,
            payout_id=one.payout_id,
            effective_at=counts,
        )
    )
    session.flush()
    post_and_put_aside(session, [posting_of(number, one, counts)])
    notify(session, [adjusted_notice(number, one)], what.now)


def _action(kind: Kind, about: str) -> Action:
    return Action(name=act_of(kind), about=about, seen=_seen, carry_out=_carry_out, units=_UNITS)


_UNITS = {
    "member_id": Unit.PLAIN,
    "payout_id": Unit.PLAIN,
    "adjustments": Unit.PLAIN,
    "amount": Unit.KOPECKS,
    "debt": Unit.KOPECKS,
}


ACTIONS = named(
    _action(Kind.CREDIT, "A member is given what we owed all along."),
    _action(Kind.DEBIT, "What we never owed is taken from a member; it may leave a debt."),
    _action(Kind.GOODWILL, "A member is given what we do not owe."),
    _action(Kind.WRITE_OFF, "A member's debt is given up."),
)
"""One for each kind: so the audit tells them apart."""
