"""How long cashback has been pending, by shop."""

from sqlalchemy.orm import Session

from tracker.reports.books.cuts import MOMENTS, SHOP, cut_of, last_day
from tracker.reports.contracts import Asked, Column, Lines, Of, Question, Report

_BUCKETS = (
    ("days_0_7", "age <= 7", "Pending for up to a week"),
    ("days_8_30", "age BETWEEN 8 AND 30", "For 8 to 30 days"),
    ("days_31_60", "age BETWEEN 31 AND 60", "For 31 to 60 days"),
    ("days_61_90", "age BETWEEN 61 AND 90", "For 61 to 90 days"),
    ("over_90", "age > 90", "For longer than any hold may be"),
)


def _lines(_: Session, asked: Asked) -> Lines:
    cut = cut_of(asked)
    sums = ", ".join(
        f"coalesce(sum(amount) FILTER (WHERE {test}), 0) AS {name}" for name, test, _ in _BUCKETS
    )
    only = "" if asked.shop is None else "WHERE shop_id = :shop"
    shop = {} if asked.shop is None else {"shop": asked.shop}
    given = {**cut.values, **shop, "last_day": last_day(asked)}
    return Lines(_AGING.format(cut=cut.condition, sums=sums, only=only), given)


AGING = Report(
    name="aging",
    about="Cashback that is pending, by shop and by how long; bonuses and rewards apart",
    columns=(
        SHOP,
        Column("what", Of.WORD, "purchases, welcome bonus or referral reward"),
        Column("count", Of.COUNT, "How many are pending"),
        *(Column(name, Of.KOPECKS, about) for name, _, about in _BUCKETS),
        Column("pending", Of.KOPECKS, "All of it"),
        Column("oldest", Of.DAY, "The day since which the oldest is pending"),
    ),
    takes=MOMENTS | {Question.SHOP},
    lines=_lines,
    totals=("count", *(name for name, _, _ in _BUCKETS), "pending"),
)

# A reference tells whose it is: purchase:17:…, bonus:welcome:5:…, reward:3:…. All are told apart by
# one number, because a million of them are added up: those below zero are bonuses, rewards are odd.
_AGING = """
    WITH pending AS (
        SELECT CASE WHEN kind IN ('tracked', 'rejected', 'confirmed')
                    THEN CAST(split_part(reference, ':', 2) AS bigint)
                    WHEN kind LIKE 'bonus%' THEN -2 * CAST(split_part(reference, ':', 3) AS bigint)
                    ELSE -2 * CAST(split_part(reference, ':', 2) AS bigint) - 1 END AS number,
               -sum(amount) AS amount, min(effective_at) AS since
        FROM ledger_transactions AS moved JOIN ledger_entries ON transaction_id = moved.id
        WHERE account = 'member_pending' AND {cut}
        GROUP BY 1 HAVING sum(amount) <> 0
    ), dated AS (
        SELECT number, amount, CAST(since AT TIME ZONE 'Europe/Moscow' AS date) AS since
        FROM pending
    ), aged AS (
        SELECT CASE WHEN number > 0 THEN 'purchases' WHEN number % 2 = 0 THEN 'welcome bonus'
                    ELSE 'referral reward' END AS what,
               shop_id, amount, since, CAST(:last_day AS date) - since AS age
        FROM dated LEFT JOIN purchases ON purchases.id = number
    )
    SELECT shop_id AS shop, what, count(*) AS count, {sums}, sum(amount) AS pending,
           min(since) AS oldest
    FROM aged {only}
    GROUP BY shop_id, what
    ORDER BY shop_id NULLS LAST, what
"""
