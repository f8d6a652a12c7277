"""A purchase with all that is known of it, from the database and back. No decisions here."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text, tuple_
from sqlalchemy.orm import Session

from tracker.clicks.rules import OnHoldEnd, Unattributed
from tracker.kit.database import bulk_insert, bulk_update
from tracker.purchases.contracts import Line, PurchaseReturned
from tracker.purchases.models import Purchase, PurchaseLine, PurchaseReturn, PurchaseReturnLine
from tracker.purchases.rules import Earned, Facts, Standing, Status

Key = tuple[int, str]
"""A shop's id and its order's number."""


@dataclass(slots=True)
class ReturnFact:
    """One return: all of the purchase, or (quantity, kopecks) by line."""

    whole: bool
    lines: dict[str, tuple[int, int]]


@dataclass(slots=True)
class Dossier:
    """A locked purchase with its facts, and what this unit of work adds to them."""

    id: int
    shop_id: int
    order_id: str
    standing: Standing = field(default_factory=lambda: Standing(Status.UNMATCHED))
    unattributed_reason: Unattributed | None = None
    click_id: str | None = None
    ordered_at: datetime | None = None
    hold_ends_at: datetime | None = None
    hold_outcome: OnHoldEnd | None = None
    confirmed_by_shop_at: datetime | None = None
    statement_no: int = 0
    rank: tuple[bool, datetime, str] | None = None
    """Of two statements the one of higher rank holds, in whatever order they come."""
    revision: int = 0
    tracked_reference: str | None = None
    confirmed_reference: str | None = None
    amounts: dict[str, int] = field(default_factory=dict)
    returns: dict[str, ReturnFact] = field(default_factory=dict)
    new_lines: Sequence[Line] = ()
    new_returns: list[PurchaseReturned] = field(default_factory=list)
    moment: datetime | None = None
    """The latest moment among what this unit of work has learnt: when it counts."""

    @property
    def facts(self) -> Facts:
        """What the rules want to know."""
        returned: dict[str, int] = {}
        for one in self.returns.values():
            for line_id, (_, amount) in one.lines.items():
                returned[line_id] = returned.get(line_id, 0) + amount
        return Facts(
            amounts=self.amounts,
            returned=returned,
            returned_whole=any(one.whole for one in self.returns.values()),
            confirmed_by_shop=self.confirmed_by_shop_at is not None,
            hold_outcome=self.hold_outcome,
        )

    def learn(self, at: datetime) -> None:
        """Something of this moment has come in."""
        self.moment = at if self.moment is None else max(self.moment, at)


def open_by_keys(session: Session, keys: Collection[Key]) -> dict[Key, Dossier]:
    """Lock the purchases of these orders, opening those never heard of.

    Rows are made in the order of their keys and locked in the order of their ids, everywhere:
    that is what keeps two workers from waiting for each other.
    """
    ordered = sorted(keys)
    fresh = session.execute(
        _OPEN,
        {"shops": [shop for shop, _ in ordered], "orders": [order for _, order in ordered]},
    ).all()
    dossiers = [Dossier(row.id, row.shop_id, row.order_id) for row in fresh]
    opened = {(one.shop_id, one.order_id) for one in dossiers}
    known = [key for key in ordered if key not in opened]
    if known:
        match = tuple_(Purchase.shop_id, Purchase.order_id).in_(known)
        dossiers += _load(session, match, lock=True)
    return {(one.shop_id, one.order_id): one for one in dossiers}


def open_by_ids(session: Session, ids: Collection[int]) -> list[Dossier]:
    """Lock purchases by id."""
    return _load(session, Purchase.id.in_(list(ids)), lock=True)


def read_range(session: Session, first: int, last: int) -> list[Dossier]:
    """Purchases with ids from ``first`` to ``last``, without a lock: to look, not to move."""
    return _load(session, Purchase.id.between(first, last), lock=False)


def read_by_keys(session: Session, keys: Collection[Key]) -> dict[Key, Dossier]:
    """The purchases of these orders as far as there are any, without a lock."""
    match = tuple_(Purchase.shop_id, Purchase.order_id).in_(sorted(keys))
    return {(one.shop_id, one.order_id): one for one in _load(session, match, lock=False)}


def return_fact(report: PurchaseReturned) -> ReturnFact:
    """What a return comes to, by line: one that is named twice is added up."""
    lines: dict[str, tuple[int, int]] = {}
    for line in report.lines or ():
        quantity, amount = lines.get(line.line_id, (0, 0))
        lines[line.line_id] = (quantity + line.quantity, amount + line.amount)
    return ReturnFact(report.lines is None, lines)


def keep_facts(session: Session, dossiers: Iterable[Dossier]) -> None:
    """Write the new lines and returns."""
    lines, returns, return_lines = [], [], []
    for one in dossiers:
        lines += [_line_row(one, line) for line in one.new_lines]
        returns += [_return_row(one, report) for report in one.new_returns]
        return_lines += [
            {
                "purchase_id": one.id,
                "return_id": report.return_id,
                "line_id": line_id,
                "quantity": quantity,
                "amount": amount,
            }
            for report in one.new_returns
            for line_id, (quantity, amount) in one.returns[report.return_id].lines.items()
        ]
    bulk_insert(session, PurchaseLine, lines)
    bulk_insert(session, PurchaseReturn, returns)
    bulk_insert(session, PurchaseReturnLine, return_lines)


def keep_state(session: Session, dossiers: Iterable[Dossier]) -> None:
    """Write where the purchases stand."""
    bulk_update(session, Purchase, [_state_row(one) for one in dossiers])


def _line_row(one: Dossier, line: Line) -> dict[str, Any]:
    return {
        "purchase_id": one.id,
        "statement_no": one.statement_no,
        "line_id": line.line_id,
        "sku": line.sku,
        "category": line.category,
        "quantity": line.quantity,
        "amount": line.amount,
    }


def _return_row(one: Dossier, report: PurchaseReturned) -> dict[str, Any]:
    return {
        "purchase_id": one.id,
        "return_id": report.return_id,
        "whole": report.lines is None,
        "returned_at": report.at,
        "source": report.source,
        "reason": report.reason,
    }


def _state_row(one: Dossier) -> dict[str, Any]:
    amended, stated_at, source = one.rank or (False, None, None)
    return {
        "id": one.id,
        "status": str(one.standing.status),
        "unattributed_reason": one.unattributed_reason and str(one.unattributed_reason),
        "click_id": one.click_id,
        "member_id": one.standing.member_id,
        "ordered_at": one.ordered_at,
        "hold_ends_at": one.hold_ends_at,
        "hold_outcome": one.hold_outcome and str(one.hold_outcome),
        "confirmed_by_shop_at": one.confirmed_by_shop_at,
        "statement_no": one.statement_no,
        "stated_at": stated_at,
        "stated_amended": amended,
        "stated_source": source,
        "revision": one.revision,
        "pending_cashback": one.standing.pending.cashback,
        "pending_commission": one.standing.pending.commission,
        "confirmed_cashback": one.standing.confirmed.cashback,
        "confirmed_commission": one.standing.confirmed.commission,
        "tracked_reference": one.tracked_reference,
        "confirmed_reference": one.confirmed_reference,
    }


def _load(session: Session, match: Any, *, lock: bool) -> list[Dossier]:
    query = select(Purchase.__table__).where(match).order_by(Purchase.id)
    # Not the strongest lock: a bonus that moves to a purchase refers to its row, and must not wait
    # for somebody who holds that row and waits for the member.
    rows = session.execute(query.with_for_update(key_share=True) if lock else query)
    dossiers = {row.id: _dossier(row) for row in rows}
    _load_lines(session, dossiers)
    _load_returns(session, dossiers)
    return list(dossiers.values())


def _dossier(row: Row[Any]) -> Dossier:
    stated = row.statement_no > 0
    return Dossier(
        row.id,
        row.shop_id,
        row.order_id,
        standing=Standing(
            Status(row.status),
            row.member_id,
            pending=Earned(row.pending_cashback, row.pending_commission),
            confirmed=Earned(row.confirmed_cashback, row.confirmed_commission),
        ),
        unattributed_reason=row.unattributed_reason and Unattributed(row.unattributed_reason),
        click_id=row.click_id,
        ordered_at=row.ordered_at,
        hold_ends_at=row.hold_ends_at,
        hold_outcome=row.hold_outcome and OnHoldEnd(row.hold_outcome),
        confirmed_by_shop_at=row.confirmed_by_shop_at,
        statement_no=row.statement_no,
        rank=(row.stated_amended, row.stated_at, row.stated_source) if stated else None,
        revision=row.revision,
        tracked_reference=row.tracked_reference,
        confirmed_reference=row.confirmed_reference,
    )


def _load_lines(session: Session, dossiers: dict[int, Dossier]) -> None:
    rows = session.execute(
        select(PurchaseLine.purchase_id, PurchaseLine.line_id, PurchaseLine.amount)
        .join(Purchase, Purchase.id == PurchaseLine.purchase_id)
        .where(
            PurchaseLine.purchase_id.in_(list(dossiers)),
            PurchaseLine.statement_no == Purchase.statement_no,
        )
    )
    for row in rows:
        dossiers[row.purchase_id].amounts[row.line_id] = row.amount


def _load_returns(session: Session, dossiers: dict[int, Dossier]) -> None:
    ids = list(dossiers)
    for row in session.execute(
        select(PurchaseReturn.purchase_id, PurchaseReturn.return_id, PurchaseReturn.whole).where(
            PurchaseReturn.purchase_id.in_(ids)
        )
    ):
        dossiers[row.purchase_id].returns[row.return_id] = ReturnFact(row.whole, {})
    for line in session.execute(
        select(PurchaseReturnLine.__table__).where(PurchaseReturnLine.purchase_id.in_(ids))
    ):
        known = dossiers[line.purchase_id].returns[line.return_id]
        known.lines[line.line_id] = (line.quantity, line.amount)


_OPEN = text("""
    INSERT INTO purchases (shop_id, order_id)
    SELECT * FROM unnest(CAST(:shops AS bigint[]), CAST(:orders AS text[]))
    ON CONFLICT DO NOTHING
    RETURNING id, shop_id, order_id
""")
