"""A purchase with all that is known of it, read from the database. No decisions here."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text, tuple_
from sqlalchemy.orm import Session

from tracker.clicks.rules import OnHoldEnd, Unattributed
from tracker.purchases.contracts import NATIVE, Line, PurchaseReturned
from tracker.purchases.keys import order_key
from tracker.purchases.models import Purchase, PurchaseLine, PurchaseReturn, PurchaseReturnLine
from tracker.purchases.rules import Earned, Facts, Standing, Status
from tracker.purchases.statements import UNDATED, Piece, Rank, Stated

Key = tuple[int, str]
"""A shop's id and its order's number."""


@dataclass(slots=True)
class ReturnFact:
    """One return: all of the purchase, or (quantity, kopecks) by line."""

    whole: bool
    lines: dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Upstream:
    """The sender's own word for its status, with the moment and the message that told it."""

    at: datetime
    source: str
    status: str


@dataclass(slots=True)
class Dossier:
    """A locked purchase with its facts, and what this unit of work adds to them."""

    id: int
    shop_id: int
    order_id: str
    separate_reason: str | None = None
    standing: Standing = field(default_factory=lambda: Standing(Status.UNMATCHED))
    unattributed_reason: Unattributed | None = None
    attributed_click_id: str | None = None
    hold_ends_at: datetime | None = None
    hold_outcome: OnHoldEnd | None = None
    staff_outcome: OnHoldEnd | None = None
    confirmed_by_shop_at: datetime | None = None
    claimed_at: datetime | None = None
    ceiling: int | None = None
    vouched_total: int | None = None
    upstream: Upstream | None = None
    suspect_of: int | None = None
    statement_no: int = 0
    kept: Stated | None = None
    """What its statements came to when this unit of work began."""
    stated: Stated | None = None
    revision: int = 0
    tracked_reference: str | None = None
    confirmed_reference: str | None = None
    returns: dict[str, ReturnFact] = field(default_factory=dict)
    new_returns: list[PurchaseReturned] = field(default_factory=list)
    moment: datetime | None = None
    """The latest moment among what this unit of work has learnt: when it counts."""

    @property
    def promise(self) -> str | None:
        """The click whose terms hold: what staff said goes before what the shop says."""
        return self.attributed_click_id or (self.stated.click_id if self.stated else None)

    @property
    def ordered_at(self) -> datetime | None:
        return self.stated.ordered_at if self.stated else None

    @property
    def amounts(self) -> dict[str, int]:
        """Kopecks by line, as they are stated."""
        return self.stated.amounts if self.stated else {}

    @property
    def is_restated(self) -> bool:
        """Whether this unit of work has changed what is stated."""
        return self.stated is not self.kept

    @property
    def is_trusted(self) -> bool:
        """Whether it was proved who stated it."""
        return self.stated is None or self.stated.rank.trusted

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
            staff_outcome=self.staff_outcome,
            trusted=self.is_trusted,
            suspected=self.suspect_of is not None and self.separate_reason is None,
            ceiling=self.ceiling,
        )

    def learn(self, at: datetime) -> None:
        """Something of this moment has come in."""
        self.moment = at if self.moment is None else max(self.moment, at)


def open_by_keys(session: Session, keys: Iterable[Key]) -> dict[Key, Dossier]:
    """Lock the purchases of these orders, opening those never heard of.

    An order that looks like another one of its shop is not opened, and is not in the answer; of
    two that come together the one named first is.

    Rows are made in the order of their keys and locked in the order of their ids, everywhere:
    that is what keeps two workers from waiting for each other.
    """
    looks = {(shop, order): order_key(order) for shop, order in keys}
    ordered = sorted(looks, key=lambda key: (key[0], looks[key]))  # stable: the first stays first
    fresh = session.execute(
        _OPEN,
        {
            "shops": [shop for shop, _ in ordered],
            "orders": [order for _, order in ordered],
            "looks": [looks[key] for key in ordered],
        },
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


def _load(session: Session, match: Any, *, lock: bool) -> list[Dossier]:
    query = select(Purchase.__table__).where(match).order_by(Purchase.id)
    # Not the strongest lock: a bonus that moves to a purchase refers to its row, and must not wait
    # for somebody who holds that row and waits for the member.
    rows = session.execute(query.with_for_update(key_share=True) if lock else query).all()
    lines = _load_lines(session, rows)
    dossiers = {row.id: _dossier(row, _stated(row, lines.get(row.id, {}))) for row in rows}
    _load_returns(session, dossiers)
    return list(dossiers.values())


def _dossier(row: Row[Any], stated: Stated | None) -> Dossier:
    told = row.upstream_status is not None
    return Dossier(
        row.id,
        row.shop_id,
        row.order_id,
        separate_reason=row.separate_reason,
        standing=Standing(
            Status(row.status),
            row.member_id,
            pending=Earned(row.pending_cashback, row.pending_commission),
            confirmed=Earned(row.confirmed_cashback, row.confirmed_commission),
        ),
        unattributed_reason=row.unattributed_reason and Unattributed(row.unattributed_reason),
        attributed_click_id=row.attributed_click_id,
        hold_ends_at=row.hold_ends_at,
        hold_outcome=row.hold_outcome and OnHoldEnd(row.hold_outcome),
        staff_outcome=row.staff_outcome and OnHoldEnd(row.staff_outcome),
        confirmed_by_shop_at=row.confirmed_by_shop_at,
        claimed_at=row.claimed_at,
        ceiling=row.ceiling,
        vouched_total=row.vouched_total,
        upstream=Upstream(row.upstream_at, row.upstream_source, row.upstream_status)
        if told
        else None,
        suspect_of=row.suspect_of,
        statement_no=row.statement_no,
        kept=stated,
        stated=stated,
        revision=row.revision,
        tracked_reference=row.tracked_reference,
        confirmed_reference=row.confirmed_reference,
    )


def _stated(row: Row[Any], lines: dict[str, Piece]) -> Stated | None:
    if not row.statement_no:
        return None
    less = -row.stated_total if row.stated_whole else 0
    return Stated(
        Rank(
            row.stated_trusted,
            row.stated_whole,
            row.stated_amended,
            row.stated_at or UNDATED,
            less,
            row.stated_source,
        ),
        row.click_id,
        row.ordered_at,
        row.feed or NATIVE,
        lines,
        row.heard_at,
    )


def _load_lines(session: Session, rows: Iterable[Row[Any]]) -> dict[int, dict[str, Piece]]:
    """The lines that hold, by purchase."""
    stated = {row.id: row for row in rows if row.statement_no}
    found: dict[int, dict[str, Piece]] = {}
    if not stated:
        return found
    query = (
        select(PurchaseLine.__table__)
        .join(Purchase, Purchase.id == PurchaseLine.purchase_id)
        .where(
            PurchaseLine.purchase_id.in_(list(stated)),
            PurchaseLine.statement_no == Purchase.statement_no,
        )
    )
    for line in session.execute(query):
        purchase = stated[line.purchase_id]
        rank = Rank(
            purchase.stated_trusted,
            purchase.stated_whole,
            line.stated_amended,
            line.stated_at or UNDATED,
            -line.amount,
            line.stated_source or purchase.stated_source,
        )
        told = Line(line.line_id, line.quantity, line.amount, line.sku, line.category)
        found.setdefault(line.purchase_id, {})[line.line_id] = Piece(told, rank)
    return found


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
    INSERT INTO purchases (shop_id, order_id, order_key)
    SELECT * FROM unnest(CAST(:shops AS bigint[]), CAST(:orders AS text[]), CAST(:looks AS text[]))
    ON CONFLICT DO NOTHING
    RETURNING id, shop_id, order_id
""")
