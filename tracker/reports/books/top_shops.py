"""What shops bring: the most first."""

from sqlalchemy.orm import Session

from tracker.ledger.rollups import movements
from tracker.ledger.rules import Account, Kind
from tracker.reports.books.again import again
from tracker.reports.books.cuts import SHOP, SPANS, before, cut_of, opening, within
from tracker.reports.contracts import Asked, Column, Lines, Of, Question, Report


def _lines(session: Session, asked: Asked) -> Lines:
    cut = cut_of(asked)
    moved = movements(session, cut, _ACCOUNTS)
    only, its = ("", "") if asked.shop is None else ("AND shop_id = :shop", "owner_id = :shop")
    shop = {} if asked.shop is None else {"shop": asked.shop}
    given = {**moved.values, **cut.values, **opening(asked), **shop}
    counted = (cut.condition, within(asked), its)
    restated = again([Kind.TRACKED], Account.SHOP_PENDING_COMMISSION, *counted)
    parts = {"moved": moved.select, "before": before(asked), "only": only, "restated": restated}
    return Lines(_TOP.format(**parts), given)


TOP_SHOPS = Report(
    name="top-shops",
    about="What each shop brought: commission, of it members' cashback and our margin",
    columns=(
        SHOP,
        Column("purchases", Of.COUNT, "First tracked in this time"),
        Column("commission_tracked", Of.KOPECKS, "Of purchases, restated ones included"),
        Column("commission_rejected", Of.KOPECKS, "Given back before it was confirmed"),
        Column("commission_confirmed", Of.KOPECKS, "The shop owes it"),
        Column("commission_taken_back", Of.KOPECKS, "Given back after it was confirmed"),
        Column("commission", Of.KOPECKS, "commission_confirmed - commission_taken_back"),
        Column("cashback", Of.KOPECKS, "Of that the members'"),
        Column("margin", Of.KOPECKS, "Of that ours"),
        Column("return_rate", Of.PERCENT, "Commission given back, of what was tracked"),
    ),
    takes=SPANS | {Question.SHOP},
    lines=_lines,
    totals=(
        "purchases",
        "commission_tracked",
        "commission_rejected",
        "commission_confirmed",
        "commission_taken_back",
        "commission",
        "cashback",
        "margin",
    ),
)

_ACCOUNTS = (Account.SHOP_PENDING_COMMISSION, Account.SHOP_RECEIVABLE, Account.MARGIN)

_TOP = """
    WITH summed AS (
        SELECT shop_id, account, kind, sum(amount) AS amount, sum(entries) AS entries
        FROM ({moved}) AS moved
        WHERE shop_id <> 0 AND NOT {before} {only}
          AND kind IN ('tracked', 'rejected', 'confirmed', 'clawed_back')
        GROUP BY 1, 2, 3
    ), told AS (
        SELECT shop_id AS shop,
               coalesce(sum(entries) FILTER (WHERE kind = 'tracked'), 0) AS purchases,
               coalesce(sum(amount) FILTER (WHERE kind = 'tracked'), 0) AS commission_tracked,
               coalesce(-sum(amount) FILTER (WHERE kind = 'rejected'), 0) AS commission_rejected,
               coalesce(sum(amount) FILTER (WHERE kind = 'confirmed' AND owed), 0)
                   AS commission_confirmed,
               coalesce(-sum(amount) FILTER (WHERE kind = 'clawed_back' AND owed), 0)
                   AS commission_taken_back,
               coalesce(sum(amount) FILTER (WHERE owed), 0) AS commission,
               coalesce(-sum(amount) FILTER (WHERE account = 'margin'), 0) AS margin
        FROM (SELECT *, account = 'shop_receivable' AS owed FROM summed) AS summed
        GROUP BY shop_id
    ), restated AS (
        SELECT owner_id AS shop, count(*) AS times {restated} GROUP BY owner_id
    )
    SELECT shop, purchases - coalesce(times, 0) AS purchases, commission_tracked,
           commission_rejected, commission_confirmed, commission_taken_back, commission, margin,
           commission - margin AS cashback,
           round((commission_rejected + commission_taken_back) * 10000
                 / nullif(commission_tracked, 0)) AS return_rate
    FROM told LEFT JOIN restated USING (shop)
    ORDER BY commission DESC, shop
"""
