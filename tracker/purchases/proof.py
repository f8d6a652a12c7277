"""This room's part of the ledger proof: purchases against entries, facts and the raw reports."""

from collections.abc import Iterator, Sequence

from sqlalchemy import func, select, text, tuple_
from sqlalchemy.orm import Session

from tracker.clicks.service import by_ids
from tracker.ledger.rules import Difference
from tracker.purchases.contracts import PurchaseConfirmed, PurchaseReport, PurchaseReturned
from tracker.purchases.dossiers import read_range
from tracker.purchases.models import Purchase, PurchaseReturn
from tracker.purchases.service import assess

_RANGE = 5_000


def prove(session: Session) -> Iterator[Difference]:
    """What purchases and bonuses say of their money, against the entries and against the facts."""
    for row in session.execute(_PURCHASES_OFF):
        yield Difference(f"{row.purchase} {row.account}", str(row.expected), str(row.found))
    for row in session.execute(_BONUSES_OFF):
        yield Difference(f"bonus of member {row.member_id}", str(row.expected), str(row.found))
    yield from _reassess(session)


def missing(session: Session, reports: Sequence[PurchaseReport]) -> Iterator[Difference]:
    """Reports that were handled but are not in the facts."""
    keys = sorted({(one.shop_id, one.order_id) for one in reports})
    match = tuple_(Purchase.shop_id, Purchase.order_id).in_(keys)
    purchases = {
        (row.shop_id, row.order_id): row
        for row in session.execute(select(Purchase.__table__).where(match))
    }
    returns = set(
        session.execute(
            select(Purchase.shop_id, Purchase.order_id, PurchaseReturn.return_id)
            .join(PurchaseReturn, PurchaseReturn.purchase_id == Purchase.id)
            .where(match)
        )
    )
    for report in reports:
        what = f"{type(report).__name__} of order {report.order_id!r}, shop {report.shop_id}"
        purchase = purchases.get((report.shop_id, report.order_id))
        if purchase is None:
            yield Difference(what, "a purchase", "none")
        elif isinstance(report, PurchaseReturned):
            if (report.shop_id, report.order_id, report.return_id) not in returns:
                yield Difference(what, f"return {report.return_id!r}", "none")
        elif isinstance(report, PurchaseConfirmed):
            if purchase.confirmed_by_shop_at is None:
                yield Difference(what, "the shop's confirmation", "none")
        elif purchase.statement_no == 0:
            yield Difference(what, "a statement", "none")


def _reassess(session: Session) -> Iterator[Difference]:
    last = session.scalar(select(func.max(Purchase.id))) or 0
    for first in range(1, last + 1, _RANGE):
        dossiers = read_range(session, first, first + _RANGE - 1)
        clicks = by_ids(session, {one.click_id for one in dossiers if one.click_id})
        for one in dossiers:
            before = one.standing
            after = assess(one, clicks)
            if before != after:
                yield Difference(f"purchase {one.id} by its facts", str(after), str(before))


# By name and by owner: an entry that belongs to no purchase is a difference, and so is money that
# the right purchase moved for the wrong member.
_PURCHASES_OFF = text("""
    WITH booked AS (
        SELECT split_part(reference, ':', 1) || ' ' || split_part(reference, ':', 2) AS purchase,
               account, owner_id, sum(amount) AS amount
        FROM ledger_transactions AS transactions
        JOIN ledger_entries AS entries ON entries.transaction_id = transactions.id
        WHERE kind IN ('tracked', 'rejected', 'confirmed', 'clawed_back')
        GROUP BY 1, 2, 3
    ), kept AS (
        SELECT 'purchase ' || purchases.id AS purchase, said.account, said.owner_id, said.amount
        FROM purchases CROSS JOIN LATERAL (VALUES
            ('member_pending', member_id, -pending_cashback),
            ('shop_pending_commission', shop_id, pending_commission),
            ('member_available', member_id, -confirmed_cashback),
            ('shop_receivable', shop_id, confirmed_commission),
            ('pending_margin', 0, pending_cashback - pending_commission),
            ('margin', 0, confirmed_cashback - confirmed_commission)
        ) AS said (account, owner_id, amount)
    )
    SELECT coalesce(kept.purchase, booked.purchase) AS purchase,
           coalesce(kept.account, booked.account) AS account,
           coalesce(booked.amount, 0) AS expected, coalesce(kept.amount, 0) AS found
    FROM kept FULL JOIN booked USING (purchase, account, owner_id)
    WHERE coalesce(booked.amount, 0) <> coalesce(kept.amount, 0)
    ORDER BY 1, 2
""")

_BONUSES_OFF = text("""
    WITH booked AS (
        SELECT owner_id AS member_id, account, -sum(amount) AS amount
        FROM ledger_transactions AS transactions
        JOIN ledger_entries AS entries ON entries.transaction_id = transactions.id
        WHERE kind LIKE 'bonus_%' AND account <> 'marketing_expense'
        GROUP BY 1, 2
    ), kept AS (
        SELECT member_id, said.account, said.amount
        FROM welcome_bonuses CROSS JOIN LATERAL (VALUES
            ('member_pending', CASE WHEN purchase_id IS NULL OR confirmed THEN 0 ELSE amount END),
            ('member_available', CASE WHEN confirmed THEN amount ELSE 0 END)
        ) AS said (account, amount)
    )
    SELECT coalesce(kept.member_id, booked.member_id) AS member_id,
           coalesce(booked.amount, 0) AS expected, coalesce(kept.amount, 0) AS found
    FROM kept FULL JOIN booked USING (member_id, account)
    WHERE coalesce(booked.amount, 0) <> coalesce(kept.amount, 0)
    UNION ALL
    SELECT bonus.member_id, 1, 0
    FROM welcome_bonuses AS bonus JOIN purchases ON purchases.id = bonus.purchase_id
    WHERE purchases.member_id IS DISTINCT FROM bonus.member_id
       OR bonus.confirmed <> (purchases.status = 'confirmed')
       OR purchases.status NOT IN ('pending', 'awaiting_staff', 'confirmed')
       OR NOT EXISTS (
           SELECT FROM purchase_lines AS paid
           WHERE paid.purchase_id = purchases.id
             AND paid.statement_no = purchases.statement_no AND paid.amount > 0
       )
    UNION ALL
    SELECT DISTINCT live.member_id, 1, 0
    FROM purchases AS live LEFT JOIN welcome_bonuses AS bonus USING (member_id)
    WHERE live.status IN ('pending', 'awaiting_staff', 'confirmed') AND bonus.purchase_id IS NULL
      AND EXISTS (
          SELECT FROM purchase_lines AS paid
          WHERE paid.purchase_id = live.id
            AND paid.statement_no = live.statement_no AND paid.amount > 0
      )
""")
