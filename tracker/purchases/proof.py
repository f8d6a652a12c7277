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
from tracker.purchases.dossiers import Dossier, Upstream, return_fact
from tracker.purchases.loading import read_by_keys, read_range
from tracker.purchases.models import Purchase
from tracker.purchases.reward_proof import prove_rewards
from tracker.purchases.settling import assess
from tracker.purchases.statements import Stated, read

_RANGE = 5_000


def prove(session: Session) -> Iterator[Difference]:
    """What purchases and bonuses say of their money, against the entries and against the facts."""
    for row in session.execute(_PURCHASES_OFF):
        yield Difference(f"{row.purchase} {row.account}", str(row.expected), str(row.found))
    for row in session.execute(_BONUSES_OFF):
        yield Difference(f"bonus of member {row.member_id}", str(row.expected), str(row.found))
    yield from prove_rewards(session)
    yield from _reassess(session)


def missing(session: Session, reports: Sequence[PurchaseReport]) -> Iterator[Difference]:
    """What was handled and is not in the facts as it was reported.

    Of what is said of one thing only the word of highest rank holds, so that another is there when
    one of no lower rank is.
    """
    keys = {(one.shop_id, one.order_id) for one in reports}
    known = read_by_keys(session, keys)
    for report in reports:
        what = f"{type(report).__name__} of order {report.order_id!r}, shop {report.shop_id}"
        purchase = known.get((report.shop_id, report.order_id))
        if purchase is None:
            yield Difference(what, "a purchase", "none")
            continue
        for expected, found in _told(purchase, report):
            if expected != found:
                yield Difference(what, expected, found)


def _told(purchase: Dossier, report: PurchaseReport) -> Iterator[tuple[str, str]]:
    """Pairs of what ought to be known of a report, and what is."""
    match report:
        case PurchaseStated():
            yield from _statement(purchase.stated, read(report))
        case PurchaseConfirmed():
            yield from _confirmation(purchase, report)
        case PurchaseReturned():
            fact = purchase.returns.get(report.return_id)
            yield f"{report.return_id!r}: {return_fact(report)}", f"{report.return_id!r}: {fact}"
    if report.upstream is not None:
        told = Upstream(report.at, report.source, report.upstream)
        found = purchase.upstream
        is_later = found is not None and (found.at, found.source) > (told.at, told.source)
        # The same moment may be written in another zone.
        yield str(told), str(told if is_later or found == told else found)


def _statement(known: Stated | None, told: Stated) -> Iterator[tuple[str, str]]:
    if known is None or known.rank.standing < told.rank.standing:
        yield f"a statement no lower than {told.rank}", str(known and known.rank)
    elif known.rank.standing > told.rank.standing:
        return
    elif told.rank.whole:
        yield from _whole(known, told)
    else:
        yield from _pieces(known, told)


def _whole(known: Stated, told: Stated) -> Iterator[tuple[str, str]]:
    if known.rank < told.rank:
        yield f"a statement no lower than {told.rank}", str(known.rank)
    elif known.rank == told.rank:
        yield (
            str((told.click_id, told.ordered_at.timestamp(), sorted(told.amounts.items()))),
            str((known.click_id, known.ordered_at.timestamp(), sorted(known.amounts.items()))),
        )


def _pieces(known: Stated, told: Stated) -> Iterator[tuple[str, str]]:
    header = (told.click_id is not None, told.rank)
    if (known.click_id is not None, known.rank) < header:
        yield f"a click by a piece no lower than {told.rank}", f"{known.click_id} {known.rank}"
    elif known.rank == told.rank and known.click_id != told.click_id:
        yield str(told.click_id), str(known.click_id)
    if known.ordered_at > told.ordered_at:
        yield f"ordered no later than {told.ordered_at}", str(known.ordered_at)
    for line_id, piece in told.lines.items():
        held = known.lines.get(line_id)
        if held is None or held.rank < piece.rank:
            yield f"line {line_id!r} by a piece no lower than {piece.rank}", str(held)


def _confirmation(purchase: Dossier, report: PurchaseConfirmed) -> Iterator[tuple[str, str]]:
    expected = "the shop's confirmation" if report.trusted else "a claim that it is confirmed"
    found = purchase.confirmed_by_shop_at if report.trusted else purchase.claimed_at
    yield expected, expected if found is not None and found <= report.at else str(found)
    if report.amount is not None:
        is_below = purchase.ceiling is not None and purchase.ceiling <= report.amount
        ceiling = f"a ceiling of at most {report.amount}"
        yield ceiling, ceiling if is_below else str(purchase.ceiling)


def _reassess(session: Session) -> Iterator[Difference]:
    last = session.scalar(select(func.max(Purchase.id))) or 0
    for first in range(1, last + 1, _RANGE):
        dossiers = read_range(session, first, first + _RANGE - 1)
        clicks = by_ids(session, {one.promise for one in dossiers if one.promise})
        for one in dossiers:
            before = one.standing
            after = assess(one, clicks)
            if before != after:
                yield Difference(f"purchase {one.id} by its facts", str(after), str(before))
            if one.promised != one.sold.cashback:
                promised = f"promise of purchase {one.id}"
                yield Difference(promised, str(one.sold.cashback), str(one.promised))


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
    SELECT bonus.member_id, 0, bonus.amount
    FROM welcome_bonuses AS bonus JOIN members ON members.id = bonus.member_id
    WHERE members.returned AND bonus.amount <> 0
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
