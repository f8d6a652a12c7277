"""Dossiers from the database: opened and locked to be moved, or read to be looked at."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Row, any_, cast, select, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tracker.clicks.rules import OnHoldEnd, Unattributed
from tracker.purchases.contracts import NATIVE, Line
from tracker.purchases.dossiers import NOTHING_SAID, Dossier, ReturnFact, Upstream
from tracker.purchases.keys import key_unproved, order_key
from tracker.purchases.models import Purchase, PurchaseLine, PurchaseReturn, PurchaseReturnLine
from tracker.purchases.rules import Earned, Standing, Status
from tracker.purchases.statements import UNDATED, Piece, Rank, Stated

Key = tuple[int, str]
"""A shop's id and its order's number."""


def open_by_keys(session: Session, keys: Mapping[Key, bool]) -> dict[Key, Dossier]:
    """Lock the purchases of these orders, opening those never heard of.

    An order that looks like another one of its shop is not opened, and is not in the answer; of
    two that come together the one named first is. With each key stands whether what is said is
    firm, that is proved or a statement: what is not opens a file too, but keeps no other out.

    Rows are made in the order of their keys and locked in the order of their ids, everywhere:
    that is what keeps two workers from waiting for each other.
    """
    looks = {(shop, order): order_key(order) for shop, order in keys}
    ordered = sorted(looks, key=lambda key: (key[0], looks[key]))  # stable: the first stays first
    held = _held(session, [(key[0], looks[key]) for key in ordered if not keys[key]])
    fresh_keys = [key for key in ordered if keys[key] or (key[0], looks[key]) not in held]
    fresh = session.execute(
        _OPEN,
        {
            "shops": [shop for shop, _ in fresh_keys],
            "orders": [order for _, order in fresh_keys],
            "looks": [looks[key] if keys[key] else key_unproved(key[1]) for key in fresh_keys],
        },
    ).all()
    dossiers = [Dossier(row.id, row.shop_id, row.order_id) for row in fresh]
    opened = {(one.shop_id, one.order_id) for one in dossiers}
    known = [key for key in ordered if key not in opened]
    if known:
        dossiers += [
            one
            for one in open_by_ids(session, _ids(session, known))
            if one.is_firm or not keys[one.shop_id, one.order_id] or _made_firm(session, one)
        ]
    return {(one.shop_id, one.order_id): one for one in dossiers}


def _held(session: Session, looks: Sequence[Key]) -> set[Key]:
    """Those of the shops' keys under which there is an order."""
    if not looks:
        return set()
    match = tuple_(Purchase.shop_id, Purchase.order_key).in_(looks)
    rows = session.execute(select(Purchase.shop_id, Purchase.order_key).where(match))
    return {(row.shop_id, row.order_key) for row in rows}


def _made_firm(session: Session, one: Dossier) -> bool:
    """Take the key that the order looks like; False when another order has it."""
    try:
        with session.begin_nested():
            taken = session.scalar(_MAKE_FIRM, {"id": one.id, "look": order_key(one.order_id)})
    except IntegrityError:
        return False  # somebody took it at the same moment
    one.is_firm = taken is not None
    return one.is_firm


def open_by_ids(session: Session, ids: Collection[int]) -> list[Dossier]:
    """Lock purchases by id."""
    return _load(session, _is_among(Purchase.id, ids), lock=True)


def read_range(session: Session, first: int, last: int) -> list[Dossier]:
    """Purchases with ids from ``first`` to ``last``, without a lock: to look, not to move."""
    return _load(session, Purchase.id.between(first, last), lock=False)


def read_by_keys(session: Session, keys: Collection[Key]) -> dict[Key, Dossier]:
    """The purchases of these orders as far as there are any, without a lock."""
    match = _is_among(Purchase.id, _ids(session, keys))
    return {(one.shop_id, one.order_id): one for one in _load(session, match, lock=False)}


def _ids(session: Session, keys: Collection[Key]) -> list[int]:
    """The purchases of these orders, as far as there are any."""
    shops, orders = [shop for shop, _ in keys], [order for _, order in keys]
    return list(session.scalars(_FIND, {"shops": shops, "orders": orders}))


def _is_among(column: Any, ids: Collection[int]) -> Any:
    """A condition whose text does not depend on how many ids there are."""
    return column == any_(cast(list(ids), ARRAY(BigInteger)))


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
        is_firm=row.order_key != key_unproved(row.order_id),
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
        promised=row.promised_cashback,
        revision=row.revision,
        tracked_reference=row.tracked_reference,
        confirmed_reference=row.confirmed_reference,
        kept_said={name: getattr(row, name) for name in NOTHING_SAID},
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
            _is_among(PurchaseLine.purchase_id, stated),
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
    for row in session.execute(
        select(PurchaseReturn.purchase_id, PurchaseReturn.return_id, PurchaseReturn.whole).where(
            _is_among(PurchaseReturn.purchase_id, dossiers)
        )
    ):
        dossiers[row.purchase_id].returns[row.return_id] = ReturnFact(row.whole, {})
    for line in session.execute(
        select(PurchaseReturnLine.__table__).where(
            _is_among(PurchaseReturnLine.purchase_id, dossiers)
        )
    ):
        known = dossiers[line.purchase_id].returns[line.return_id]
        known.lines[line.line_id] = (line.quantity, line.amount)


_OPEN = text("""
    INSERT INTO purchases (shop_id, order_id, order_key)
    SELECT * FROM unnest(CAST(:shops AS bigint[]), CAST(:orders AS text[]), CAST(:looks AS text[]))
    ON CONFLICT DO NOTHING
    RETURNING id, shop_id, order_id
""")

_MAKE_FIRM = text("""
    UPDATE purchases SET order_key = :look
    WHERE id = :id AND NOT EXISTS (
        SELECT FROM purchases AS other
        WHERE other.shop_id = purchases.shop_id AND other.order_key = :look
    )
    RETURNING id
""")

# One after another by the whole of the key, whatever the planner believes of the table.
_FIND = text("""
    SELECT found.id
    FROM unnest(CAST(:shops AS bigint[]), CAST(:orders AS text[])) AS wanted (shop_id, order_id)
    CROSS JOIN LATERAL (
        SELECT id FROM purchases
        WHERE purchases.shop_id = wanted.shop_id AND purchases.order_id = wanted.order_id
        LIMIT 1
    ) AS found
""")
