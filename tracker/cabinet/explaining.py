"""Any line of a history, back to its purchase, its returns and its rate, or to its payment."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tracker.adjustments.models import AdjustmentRow
from tracker.adjustments.rules import Cause
from tracker.adjustments.rules import Kind as Adjusted
from tracker.cabinet.lines import Bought, adjustment_line, certificate_line, payment_line
from tracker.cabinet.queries import bonus, reward, told
from tracker.cabinet.reckoning import Back, Reckoning, Sold, reckon
from tracker.cabinet.rows import bought, bought_by
from tracker.cabinet.rules import (
    SOURCES,
    Kind,
    Line,
    LineNotFound,
    PaymentState,
    Why,
    payment_state,
)
from tracker.certificates.models import Certificate
from tracker.certificates.rules import CertificateState
from tracker.clicks.rules import Click
from tracker.clicks.service import by_ids
from tracker.kit.crypto import Keyring
from tracker.members.models import Number
from tracker.members.queries import open_phone
from tracker.members.rules import mask_phone
from tracker.purchases.models import Purchase, PurchaseLine, PurchaseReturn, PurchaseReturnLine
from tracker.settlement.models import Payout, SettlementRun
from tracker.settlement.rules import PayoutState

_ID = re.compile(r"(?P<mark>[a-z])(?P<number>[1-9][0-9]{0,17})(-[a-z_]{1,20})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Movement:
    """A movement in the ledger, as it changed the member's balances: kopecks."""

    kind: str
    pending: int
    available: int
    in_flight: int
    reserved: int
    effective_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class PurchaseTold:
    """A purchase with the click that it is credited to, and its arithmetic."""

    bought: Bought
    click: Click
    reckoning: Reckoning


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment, whatever became of it."""

    period: str
    as_of: datetime
    amount: int
    number: str
    """Masked: the member knows it all the same."""
    state: PaymentState
    reference: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What there is to say of a line: with it, of all that the same purchase has in the history."""

    lines: Sequence[Line]
    movements: Sequence[Movement]
    purchase: PurchaseTold | None = None
    payment: Payment | None = None


def explain(session: Session, keys: Keyring, member_id: int, line_id: str) -> Explanation:
    """What a member's line comes from. Raises LineNotFound, for others' lines as well.

    What a line tells of may have moved on since the line was read: the lines are those of now.
    """
    found = _ID.fullmatch(line_id)
    sources = [one for one in SOURCES if found and one.mark == found["mark"]]
    if found is None or not sources:
        raise LineNotFound
    number = int(found["number"])
    match sources[0].kind:
        case Kind.PURCHASE:
            return _purchase(session, member_id, number)
        case Kind.WELCOME_BONUS:
            return _bonus(session, member_id, number)
        case Kind.REFERRAL_REWARD:
            return _reward(session, member_id, number)
        case Kind.PAYMENT:
            return _payment(session, keys, member_id, number)
        case Kind.CERTIFICATE:
            return _certificate(session, member_id, number)
        case Kind.ADJUSTMENT:
            return _adjustment(session, member_id, number)


def _purchase(session: Session, member_id: int, purchase_id: int) -> Explanation:
    found = _bought(session, member_id, purchase_id)
    return Explanation(
        list(told(session, member_id, [found])),
        _movements(session, member_id, f"purchase:{purchase_id}"),
        _told(session, found),
    )


def _bought(session: Session, member_id: int, purchase_id: int) -> Bought:
    row = session.execute(bought_by(member_id).where(Purchase.id == purchase_id)).one_or_none()
    if row is None:
        raise LineNotFound
    return bought(row)


def _told(session: Session, one: Bought) -> PurchaseTold:
    row = session.execute(
        select(Purchase.click_id, Purchase.attributed_click_id, Purchase.statement_no).where(
            Purchase.id == one.id
        )
    ).one()
    promise = row.attributed_click_id or row.click_id
    click = by_ids(session, [promise])[promise]
    sold = [
        Sold(line.line_id, line.quantity, line.amount, line.sku, line.category)
        for line in session.scalars(
            select(PurchaseLine)
            .where(
                PurchaseLine.purchase_id == one.id, PurchaseLine.statement_no == row.statement_no
            )
            .order_by(PurchaseLine.line_id)
        )
    ]
    return PurchaseTold(
        one, click, reckon(one, sold, click.terms.cashback_bp, _returns(session, one.id))
    )


def _returns(session: Session, purchase_id: int) -> list[Back]:
    amounts: dict[str, dict[str, int]] = {}
    for line in session.scalars(
        select(PurchaseReturnLine).where(PurchaseReturnLine.purchase_id == purchase_id)
    ):
        amounts.setdefault(line.return_id, {})[line.line_id] = line.amount
    return [
        Back(
            one.return_id,
            one.returned_at,
            one.whole,
            Why(one.reject_reason),
            amounts.get(one.return_id, {}),
        )
        for one in session.scalars(
            select(PurchaseReturn).where(PurchaseReturn.purchase_id == purchase_id)
        )
    ]


def _payment(session: Session, keys: Keyring, member_id: int, payout_id: int) -> Explanation:
    row = session.execute(
        select(Payout, SettlementRun.as_of, Number.sealed)
        .join(SettlementRun, SettlementRun.period == Payout.period)
        .join(Number, Number.id == Payout.number_id)
        .where(Payout.id == payout_id, Payout.member_id == member_id)
    ).one_or_none()
    if row is None:
        raise LineNotFound
    payout: Payout = row.Payout
    state = PayoutState(payout.state)
    phone = open_phone(keys, member_id, row.sealed) if row.sealed else None
    line = payment_line(payout.id, payout.period, row.as_of, payout.amount)
    return Explanation(
        [line] if state is PayoutState.PAID else [],
        _movements(session, member_id, f"payout:{payout_id}"),
        payment=Payment(
            payout.period,
            row.as_of,
            payout.amount,
            mask_phone(phone),
            payment_state(state),
            payout.reference,
        ),
    )


def _certificate(session: Session, member_id: int, certificate_id: int) -> Explanation:
    """With what came back, if it was voided; its state is told by the list of certificates."""
    one = session.get(Certificate, certificate_id)
    if one is None or one.member_id != member_id:
        raise LineNotFound
    line = certificate_line(one.id, one.ordered_at, one.amount)
    return Explanation(
        [] if one.state == CertificateState.VOIDED else [line],
        _movements(session, member_id, f"certificate:{certificate_id}"),
    )


def _adjustment(session: Session, member_id: int, adjustment_id: int) -> Explanation:
    one = session.get(AdjustmentRow, adjustment_id)
    if one is None or one.member_id != member_id:
        raise LineNotFound
    kind, cause = Adjusted(one.kind), Cause(one.cause)
    return Explanation(
        [adjustment_line(one.id, one.effective_at, one.amount, kind, cause)],
        _movements(session, member_id, f"adjustment:{adjustment_id}"),
    )


def _bonus(session: Session, member_id: int, number: int) -> Explanation:
    """With the member's own purchase that carries it."""
    lines = bonus(session, member_id)
    if number != member_id or not lines:
        raise LineNotFound
    carrier = _bought(session, member_id, lines[0].purchase_id or 0)
    movements = _movements(session, member_id, f"bonus:welcome:{member_id}")
    return Explanation(lines, movements, _told(session, carrier))


def _reward(session: Session, member_id: int, number: int) -> Explanation:
    """Of the friend's purchase nothing is told."""
    lines = reward(session, member_id, number)
    if not lines:
        raise LineNotFound
    return Explanation(lines, _movements(session, member_id, f"reward:{number}"))


def _movements(session: Session, member_id: int, reference: str) -> list[Movement]:
    """What postings whose references begin so moved for a member, in the order recorded."""
    given: dict[str, Any] = {"first": f"{reference}:", "last": f"{reference};"}
    return [
        Movement(
            row.kind,
            int(row.pending),
            int(row.available),
            int(row.in_flight),
            int(row.reserved),
            row.effective_at,
            row.recorded_at,
        )
        for row in session.execute(_MOVEMENTS, {**given, "member": member_id})
    ]


_MOVEMENTS = text("""
    SELECT moved.id, moved.kind, moved.effective_at, moved.recorded_at,
           coalesce(-sum(amount) FILTER (WHERE account = 'member_pending'), 0) AS pending,
           coalesce(-sum(amount) FILTER (WHERE account = 'member_available'), 0) AS available,
           coalesce(-sum(amount) FILTER (WHERE account = 'member_in_flight'), 0) AS in_flight,
           coalesce(-sum(amount) FILTER (WHERE account = 'member_reserved'), 0) AS reserved
    FROM (
        SELECT id, kind, effective_at, recorded_at FROM ledger_transactions
        WHERE reference > :first AND reference < :last
        ORDER BY reference
        LIMIT 10000
    ) AS moved
    JOIN ledger_entries AS leg ON leg.transaction_id = moved.id
    WHERE leg.owner_id = :member AND starts_with(leg.account, 'member_')
    GROUP BY moved.id, moved.kind, moved.effective_at, moved.recorded_at
    ORDER BY moved.id
""")
