"""What welcome bonuses and rewards for friends have cost."""

from sqlalchemy.orm import Session

from tracker.ledger.rollups import movements
from tracker.ledger.rules import Account, Kind
from tracker.reports.books.again import again
from tracker.reports.books.cuts import SPANS, before, cut_of, opening, within
from tracker.reports.contracts import Asked, Column, Lines, Of, Report


def _lines(session: Session, asked: Asked) -> Lines:
    cut = cut_of(asked)
    moved = movements(session, cut, _ACCOUNTS)
    # Without a beginning: all months there are.
    begins = asked.period is not None or asked.since is not None
    given = {**moved.values, **cut.values, **(opening(asked) if begins else {})}
    only = f"AND NOT {before(asked)}" if begins else ""
    counted = (cut.condition, within(asked) if begins else "")
    once_more = again(_TRACKED, Account.MARKETING_EXPENSE, *counted)
    return Lines(_PROMOTIONS.format(moved=moved.select, only=only, once_more=once_more), given)


PROMOTIONS = Report(
    name="promotions",
    about="What welcome bonuses and rewards for friends cost, by the month in which it counts",
    columns=(
        Column("month", Of.WORD, "In which it counts"),
        Column("what", Of.WORD, "welcome bonus or referral reward"),
        Column("promised", Of.COUNT, "How many were first promised in this time"),
        Column(
            "given",
            Of.KOPECKS,
            "Promised, and pending at first; again where it moved on",
        ),
        Column("rejected", Of.KOPECKS, "Of what was promised, before it was confirmed"),
        Column("confirmed", Of.KOPECKS, "Members may spend it since"),
        Column("taken_back", Of.KOPECKS, "Of what was confirmed"),
        Column("cost", Of.KOPECKS, "given - rejected - taken_back"),
    ),
    takes=SPANS,
    lines=_lines,
    totals=("promised", "given", "rejected", "confirmed", "taken_back", "cost"),
)

_ACCOUNTS = (Account.MARKETING_EXPENSE, Account.MEMBER_AVAILABLE)
_TRACKED = (Kind.BONUS_TRACKED, Kind.REWARD_TRACKED)

_PROMOTIONS = """
    SELECT to_char(effective_day, 'YYYY-MM') AS month,
           CASE WHEN kind LIKE 'bonus%' THEN 'welcome bonus' ELSE 'referral reward' END AS what,
           coalesce(sum(entries) FILTER (WHERE spent AND kind LIKE '%tracked'), 0) AS promised,
           coalesce(sum(amount) FILTER (WHERE spent AND kind LIKE '%tracked'), 0) AS given,
           coalesce(-sum(amount) FILTER (WHERE spent AND kind LIKE '%rejected'), 0) AS rejected,
           coalesce(-sum(amount) FILTER (WHERE NOT spent AND kind LIKE '%confirmed'), 0)
               AS confirmed,
           coalesce(-sum(amount) FILTER (WHERE spent AND kind LIKE '%clawed%'), 0) AS taken_back,
           coalesce(sum(amount) FILTER (WHERE spent), 0) AS cost
    FROM (
        SELECT effective_day, period, account, kind, amount, entries,
               account = 'marketing_expense' AS spent
        FROM ({moved}) AS moved
        UNION ALL
        SELECT CAST(effective_at AT TIME ZONE 'Europe/Moscow' AS date), period, account, kind, 0,
               -1, TRUE
        {once_more}
    ) AS moved
    WHERE (kind LIKE 'bonus%' OR kind LIKE 'reward%') {only}
    GROUP BY 1, 2
    ORDER BY 1, 2
"""
