"""This room's part of the ledger proof: purchases against entries, facts and the raw reports."""

from collections.abc import Iterator, Sequence

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tracker.clicks.service import by_ids
from tracker.ledger.rules import Difference
from tracker.purchases.contracts import (
    PurchaseConfirmed,
    PurchaseReport,
    PurchaseReturned,
    PurchaseStated,
)
from tracker.purchases.dossiers import Dossier, read_by_keys, read_range, return_fact
from tracker.purchases.models import Purchase
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
    """What was handled and is not in the facts as it was reported.

    Of an order's statements only the one of highest rank holds, so that another is there when one
    of no lower rank is.
    """
    keys = {(one.shop_id, one.order_id) for one in reports}
    known = read_by_keys(session, keys)
    for report in reports:
        what = f"{type(report).__name__} of order {report.order_id!r}, shop {report.shop_id}"
        purchase = known.get((report.shop_id, report.order_id))
        expected, found = ("a purchase", "none") if purchase is None else _told(purchase, report)
        if expected != found:
            yield Difference(what, expected, found)


def _told(purchase: Dossier, report: PurchaseReport) -> tuple[str, str]:
    """What ought to be known of a report, and what is."""
    match report:
        case PurchaseStated():
            return _statement(purchase, report)
        case PurchaseConfirmed():
            found = purchase.confirmed_by_shop_at
            early = found is not None and found <= report.at
            return "the shop's confirmation", "the shop's confirmation" if early else str(found)
        case PurchaseReturned():
            fact = purchase.returns.get(report.return_id)
            return f"{report.return_id!r}: {return_fact(report)}", f"{report.return_id!r}: {fact}"


def _statement(purchase: Dossier, report: PurchaseStated) -> tuple[str, str]:
    rank = (report.amended, report.at, report.source)
    if purchase.rank is None or purchase.rank < rank:
        return f"a statement no older than {rank}", str(purchase.rank)
    if purchase.rank > rank:
        return "", ""
    told = {line.line_id: line.amount for line in report.lines}
    return (
        str((report.click_id, report.ordered_at.timestamp(), sorted(told.items()))),
        str((purchase.click_id, _epoch(purchase), sorted(purchase.amounts.items()))),
    )


def _epoch(purchase: Dossier) -> float | None:
    return purchase.ordered_at.timestamp() if purchase.ordered_at else None


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
