"""What members had of shops' cashback before the shops had paid for it: reckoned once a day.

Decision 0023 says how a member's spending is laid to shops. The caller owns the unit of work.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from partners.receivables.models import FundingDay, ShopFunding
from partners.receivables.rules import covered
from partners.receivables.terms import limits
from tracker.kit.clock import moscow_date
from tracker.kit.database import bulk_insert


def reckon(session: Session, day: date) -> int | None:
    """Reckon and keep what was lent to each shop, as it stands now, under a business date; how many
    shops, None where that was done before."""
    fresh = insert(FundingDay).values(day=day).on_conflict_do_nothing()
    if session.scalar(fresh.returning(FundingDay.day)) is None:
        return None
    shops: dict[int, list[int]] = {}
    for row in session.execute(_SPENT):
        spent = int(row.spent)
        known = shops.setdefault(row.shop_id, [0, 0])
        known[0] += spent
        known[1] += covered(spent, int(row.paid), int(row.commission))
    rows = [
        {
            "day": day,
            "shop_id": shop,
            "paid_to_members": spent,
            "covered": met,
            "funded": spent - met,
        }
        for shop, (spent, met) in sorted(shops.items())
    ]
    bulk_insert(session, ShopFunding, rows)
    return len(rows)


def is_due(session: Session, now: datetime) -> bool:
    """Whether this business date is not reckoned yet."""
    return session.get(FundingDay, moscow_date(now)) is None


def last_day(session: Session) -> date | None:
    """The last business date that was reckoned."""
    return session.scalar(select(FundingDay.day).order_by(FundingDay.day.desc()).limit(1))


def standing(session: Session, day: date, house_limit: int) -> list[dict[str, Any]]:
    """What was lent to each shop on a day, with its limit; the most first. Kopecks."""
    own = limits(session)
    return [
        {
            "shop_id": row.shop_id,
            "shop": row.slug,
            "paid_to_members": row.paid_to_members,
            "covered": row.covered,
            "funded": row.funded,
            "limit": (limit := own.get(row.shop_id, house_limit)),
            "above_limit": row.funded > limit,
        }
        for row in _of_day(session, day)
    ]


def above_limits(session: Session, house_limit: int) -> Iterator[tuple[str, int, int]]:
    """Shops to which more was lent than they may have, as last reckoned: slug, sum, limit."""
    day = last_day(session)
    if day is not None:
        for row in standing(session, day, house_limit):
            if row["above_limit"]:
                yield row["shop"], row["funded"], row["limit"]


def _of_day(session: Session, day: date) -> Sequence[Row[Any]]:
    return session.execute(_OF_DAY, {"day": day}).all()


_OF_DAY = text("""
    SELECT shop_id, slug, paid_to_members, covered, funded
    FROM shop_funding JOIN shops ON shops.id = shop_id
    WHERE day = :day ORDER BY funded DESC, slug COLLATE "C"
""")

# What the operator paid after all, having said that it had not, is told by an adjustment.
# What a member had is laid to the member's purchases in the order of their confirmation; bonuses
# and rewards, which no shop pays for, come last. So what is lent is never made out too small.
# What came from the shop's bank is laid to its months likewise, the oldest first; what was set off
# or given up is no money of the shop's.
_SPENT = text("""
    WITH had AS (
        SELECT member_id, sum(amount) AS amount FROM (
            SELECT member_id, amount FROM payouts WHERE state = 'paid'
            UNION ALL
            SELECT member_id, amount FROM certificates WHERE state = 'redeemed'
            UNION ALL
            SELECT member_id, amount FROM adjustments WHERE cause = 'operator_paid'
        ) AS one GROUP BY member_id
    ), earned AS (
        SELECT shop_id, written.period, purchases.member_id, confirmed_cashback AS amount,
               had.amount AS had,
               sum(confirmed_cashback) OVER (
                   PARTITION BY purchases.member_id ORDER BY written.id
               ) - confirmed_cashback AS before
        FROM purchases
        JOIN had ON had.member_id = purchases.member_id
        JOIN ledger_transactions AS written ON written.reference = confirmed_reference
        WHERE confirmed_cashback > 0
    ), laid AS (
        SELECT shop_id, period, sum(least(amount, greatest(had - before, 0))) AS spent
        FROM earned GROUP BY shop_id, period
    ), due AS (
        SELECT shop_id, written.period, sum(confirmed_commission) AS commission,
               sum(sum(confirmed_commission)) OVER (
                   PARTITION BY shop_id ORDER BY written.period
               ) - sum(confirmed_commission) AS before
        FROM purchases JOIN ledger_transactions AS written
             ON written.reference = confirmed_reference
        WHERE shop_id IN (SELECT shop_id FROM laid)
        GROUP BY shop_id, written.period
    ), came AS (
        SELECT shop_id, sum(amount) AS amount FROM shop_payments
        WHERE kind = 'payment' AND reversed_at IS NULL GROUP BY shop_id
    )
    SELECT shop_id, spent, commission,
           least(commission, greatest(coalesce(came.amount, 0) - before, 0)) AS paid
    FROM laid JOIN due USING (shop_id, period) LEFT JOIN came USING (shop_id)
    WHERE spent > 0
""")
