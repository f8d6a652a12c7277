"""Issuing the invoices of a closed month. The caller owns the unit of work."""

from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from partners.receivables.models import InvoiceCounter, InvoiceRun
from partners.receivables.rules import PeriodStillOpen
from partners.receivables.terms import Terms
from tracker.audit.service import record
from tracker.kit.clock import moscow_date
from tracker.periods.queries import is_closed
from tracker.periods.rules import check_period


def ask(session: Session, period: str, who: str, now: datetime, issuer: str = "") -> InvoiceRun:
    """Have a worker issue a month's invoices, dated today; once, whoever asks again.

    ``issuer`` is who we are on paper.

    Raises PeriodInvalid and PeriodStillOpen.
    """
    check_period(period)
    if not is_closed(session, period):
        raise PeriodStillOpen(f"{period} is not closed yet")
    values = {
        "period": period,
        "issued_on": moscow_date(now),
        "issuer": issuer,
        "asked_by": who,
    }
    statement = insert(InvoiceRun).values(values).on_conflict_do_nothing()
    if session.execute(statement.returning(InvoiceRun.period)).first():
        record(session, who, "invoice.issue", f"period:{period}")
    return session.get_one(InvoiceRun, period)


def issue(session: Session, house: Terms) -> InvoiceRun | None:
    """Issue all invoices of one month that waits for it; None when none does.

    Numbers follow each other without a gap: whoever issues holds the year's counter until the end.
    """
    waiting = (
        select(InvoiceRun)
        .where(InvoiceRun.finished_at.is_(None))
        .order_by(InvoiceRun.period)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    run = session.scalar(waiting)
    if run is None:
        return None
    year = int(run.period[:4])
    session.execute(insert(InvoiceCounter).values(year=year).on_conflict_do_nothing())
    counter = session.get_one(InvoiceCounter, year, with_for_update=True, populate_existing=True)
    issued = session.scalar(
        _ISSUE,
        {
            "period": run.period,
            "year": year,
            "last": counter.last,
            "issued_on": run.issued_on,
            "payment_days": house.payment_days,
            "language": str(house.language),
        },
    )
    counter.last += issued or 0
    run.invoices, run.finished_at = issued or 0, session.scalar(select(func.clock_timestamp()))
    session.flush()
    return run


def is_due(session: Session, _: datetime) -> bool:
    """Whether a month's invoices were asked for and are not issued yet."""
    waiting = select(InvoiceRun.period).where(InvoiceRun.finished_at.is_(None)).limit(1)
    return session.scalar(waiting) is not None


_ISSUE = text("""
    WITH moved AS (
        SELECT owner_id AS shop_id, sum(amount) AS amount, count(*) AS lines,
               sha256(convert_to(
                   string_agg(reference || ' ' || amount, E'\\n' ORDER BY written.id), 'UTF8'
               )) AS sha256
        FROM ledger_entries
        JOIN ledger_transactions AS written ON written.id = transaction_id
        WHERE account = 'shop_receivable' AND written.period = :period
          AND written.kind IN ('confirmed', 'clawed_back')
        GROUP BY owner_id
        HAVING sum(amount) <> 0
    ), issued AS (
        INSERT INTO invoices (number, shop_id, period, kind, amount, lines, sha256, issued_on,
                              due_on, language, legal_name, address, tax_id)
        SELECT :year || '-' || lpad((:last + row_number() OVER (ORDER BY moved.shop_id))::text,
                                    6, '0'),
               moved.shop_id, :period, CASE WHEN moved.amount > 0 THEN 'invoice'
                                            ELSE 'credit_note' END,
               moved.amount, moved.lines, moved.sha256, :issued_on,
               CAST(:issued_on AS date) + coalesce(terms.payment_days, :payment_days),
               coalesce(terms.language, :language),
               coalesce(nullif(terms.legal_name, ''), shops.name),
               coalesce(terms.address, ''), coalesce(terms.tax_id, '')
        FROM moved JOIN shops ON shops.id = moved.shop_id
        LEFT JOIN partner_terms AS terms ON terms.shop_id = moved.shop_id
        RETURNING 1
    )
    SELECT count(*) FROM issued
""")
