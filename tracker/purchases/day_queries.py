"""Reads of a shop's day, summed up by PostgreSQL: see `days` for what the words mean."""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from tracker.purchases.days import EVERYTHING, DayTotals, Order, Range, ShopDay, Sum, Tally, Word
from tracker.purchases.models import Purchase

_NOTHING = Sum(0, 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
"""Of no orders: the SHA-256 of nothing."""

_SMALLEST = 16
"""Orders: a range is not split into pieces smaller than that."""


def day_totals(session: Session, day: ShopDay) -> DayTotals:
    """What the day comes to."""
    row = session.execute(_TOTALS, _given(day, EVERYTHING)).one()
    by_word = {
        Word.OPEN: Tally(row.opened, int(row.open_amount)),
        Word.CONFIRMED: Tally(row.confirmed, int(row.confirmed_amount)),
        Word.RETURNED: Tally(row.returned, 0),
    }
    return DayTotals(by_word, row.sha256)


def sums(session: Session, day: ShopDay, ranges: Sequence[Range]) -> list[Sum]:
    """What the orders of each range come to. The ranges are sorted and do not overlap."""
    found = {row.place: _sum(row) for row in session.execute(_SUMS, _given_ranges(day, ranges))}
    return [found.get(place, _NOTHING) for place in range(1, len(ranges) + 1)]


def split(
    session: Session, day: ShopDay, ranges: Sequence[Range], pieces: int
) -> list[tuple[Range, Sum]]:
    """Each range cut into so many of about equal size, fewer where it holds few orders.

    The pieces cover the ranges wholly. The ranges are sorted and do not overlap.
    """
    rows: dict[int, list[Row[Any]]] = {}
    given = {**_given_ranges(day, ranges), "pieces": pieces, "smallest": _SMALLEST}
    for row in session.execute(_SPLIT, given):
        rows.setdefault(row.place, []).append(row)
    found: list[tuple[Range, Sum]] = []
    for place, whole in enumerate(ranges, start=1):
        parts = rows.get(place, [])
        cuts = [whole.first, *(row.first for row in parts[1:]), whole.end]
        sums_of = [_sum(row) for row in parts] or [_NOTHING]
        found += [
            (Range(first or "", end), one)
            for (first, end), one in zip(pairwise(cuts), sums_of, strict=True)
        ]
    return found


def orders(session: Session, day: ShopDay, within: Range, limit: int) -> list[Order]:
    """The first so many orders of a range, by their numbers."""
    rows = session.execute(_LISTED, {**_given(day, within), "limit": limit})
    return [Order(row.order_id, row.amount, Word(row.word)) for row in rows]


def ordered_at(
    session: Session, shop_id: int, order_ids: Collection[str]
) -> dict[str, datetime | None]:
    """When orders were placed; None of those that were returned or confirmed and never reported.

    Orders never heard of are left out.
    """
    query = select(Purchase.order_id, Purchase.ordered_at).where(
        Purchase.shop_id == shop_id, Purchase.order_id.in_(list(order_ids))
    )
    return {row.order_id: row.ordered_at for row in session.execute(query)}


def _sum(row: Row[Any]) -> Sum:
    return Sum(row.orders, int(row.amount), row.sha256)


def _given(day: ShopDay, within: Range) -> dict[str, Any]:
    return {
        "shop": day.shop_id,
        "since": day.since,
        "until": day.until,
        "first": within.first,
        "end": within.end,
    }


def _given_ranges(day: ShopDay, ranges: Sequence[Range]) -> dict[str, Any]:
    return {
        **_given(day, Range(ranges[0].first, ranges[-1].end)),
        "firsts": [one.first for one in ranges],
        "ends": [one.end for one in ranges],
    }


# Lines are read for those orders alone of which something came back; each such step goes by an
# index, whatever the planner believes of the tables. LEAST passes over a NULL; by OFFSET 0 the sum
# is worked out once for each order, and not wherever it is named.
LEFT_OF_ORDER = """
        CROSS JOIN LATERAL (
            SELECT bool_or(whole) AS whole FROM purchase_returns WHERE purchase_id = purchases.id
        ) AS back
        CROSS JOIN LATERAL (
            SELECT least(ceiling, CASE
                WHEN back.whole THEN 0
                WHEN back.whole IS NULL THEN stated_total
                ELSE (
                    SELECT coalesce(sum(greatest(0, line.amount - coalesce(given.amount, 0))), 0)
                    FROM purchase_lines AS line
                    LEFT JOIN (
                        SELECT line_id, sum(amount) AS amount FROM purchase_return_lines
                        WHERE purchase_id = purchases.id GROUP BY line_id
                    ) AS given USING (line_id)
                    WHERE line.purchase_id = purchases.id
                      AND line.statement_no = purchases.statement_no
                ) END)::bigint AS amount
            OFFSET 0
        ) AS counted
"""
"""Beside ``purchases``: ``counted.amount``, kopecks left of an order by what the shop said."""

_ORDERS = f"""
    WITH orders AS (
        SELECT order_id, amount,
               CASE WHEN amount = 0 THEN 'returned'
                    WHEN confirmed_by_shop_at IS NULL AND claimed_at IS NULL THEN 'open'
                    ELSE 'confirmed' END AS word
        FROM purchases
        {LEFT_OF_ORDER}
        WHERE shop_id = :shop AND ordered_at >= :since AND ordered_at < :until
          AND order_id >= :first AND (CAST(:end AS text) IS NULL OR order_id < :end)
    )
"""  # noqa: S608 (two texts of this file put together)

_SHA256 = r"""
    encode(sha256(convert_to(coalesce(
        string_agg(order_id || E'\t' || amount || E'\t' || word || E'\n', '' ORDER BY order_id), ''
    ), 'UTF8')), 'hex') AS sha256
"""

_TOTALS = text(f"""
    {_ORDERS}
    SELECT count(*) FILTER (WHERE word = 'open') AS opened,
           coalesce(sum(amount) FILTER (WHERE word = 'open'), 0) AS open_amount,
           count(*) FILTER (WHERE word = 'confirmed') AS confirmed,
           coalesce(sum(amount) FILTER (WHERE word = 'confirmed'), 0) AS confirmed_amount,
           count(*) FILTER (WHERE word = 'returned') AS returned,
           {_SHA256}
    FROM orders
""")  # noqa: S608 (two texts of this file put together)

_PLACED = """
    , placed AS (
        SELECT orders.*
        FROM (
            SELECT orders.*, width_bucket(order_id, CAST(:firsts AS text[]) COLLATE "C") AS place
            FROM orders
        ) AS orders
        JOIN unnest(CAST(:ends AS text[])) WITH ORDINALITY AS given (last, place) USING (place)
        WHERE last IS NULL OR order_id < last
    )
"""

_SUMS = text(f"""
    {_ORDERS} {_PLACED}
    SELECT place, count(*) AS orders, sum(amount) AS amount, {_SHA256}
    FROM placed GROUP BY place
""")  # noqa: S608 (texts of this file put together)

_SPLIT = text(f"""
    {_ORDERS} {_PLACED}, numbered AS (
        SELECT placed.*, row_number() OVER (PARTITION BY place ORDER BY order_id) - 1 AS number,
               count(*) OVER (PARTITION BY place) AS size
        FROM placed
    )
    SELECT place, number * least(:pieces, greatest(1, size / :smallest)) / size AS piece,
           min(order_id) AS first, count(*) AS orders, sum(amount) AS amount, {_SHA256}
    FROM numbered GROUP BY place, piece ORDER BY place, piece
""")  # noqa: S608 (texts of this file put together)

_LISTED = text(f"""
    {_ORDERS}
    SELECT order_id, amount, word FROM orders ORDER BY order_id LIMIT :limit
""")  # noqa: S608 (two texts of this file put together)
