"""Reports of what shops owe, for the reports' engine. Pure but for the SELECTs."""

from typing import Any

from sqlalchemy.orm import Session

from partners.receivables.queries import MET, aged
from tracker.kit.clock import moscow_date
from tracker.reports.contracts import Asked, Column, Lines, Of, Question, Report

_SHOP = Column("shop", Of.SHOP, "The shop")


def _ageing(session: Session, asked: Asked) -> Lines:
    select, values = aged(session, moscow_date(asked.as_of), asked.known_at)
    only = "" if asked.shop is None else "WHERE shop_id = :shop"
    names = f"shop_id AS shop, {', '.join(_AGES)}"
    return Lines(
        f"SELECT {names} FROM ({select}) AS aged {only} ORDER BY shop_id",  # noqa: S608
        values if asked.shop is None else {**values, "shop": asked.shop},
    )


def _invoices(_: Session, asked: Asked) -> Lines:
    return Lines(_INVOICES, _issued(asked))


def _lines(_: Session, asked: Asked) -> Lines:
    return Lines(_LINES, _issued(asked))


def _issued(asked: Asked) -> dict[str, Any]:
    return {
        "day": moscow_date(asked.as_of),
        "known_at": asked.known_at,
        "period": asked.period,
        "shop": asked.shop,
    }


def _funding(_: Session, asked: Asked) -> Lines:
    given = {"day": moscow_date(asked.as_of), "known_at": asked.known_at, "shop": asked.shop}
    return Lines(_FUNDING, given)


_AGED = (
    Column("owed", Of.KOPECKS, "As the ledger has it"),
    Column("not_due", Of.KOPECKS, "Invoiced, and not due yet"),
    Column("days_30", Of.KOPECKS, "1 to 30 days overdue"),
    Column("days_60", Of.KOPECKS, "31 to 60 days"),
    Column("days_90", Of.KOPECKS, "61 to 90 days"),
    Column("days_older", Of.KOPECKS, "More than 90 days"),
    Column("not_invoiced", Of.KOPECKS, "Of open months, less what is for no invoice yet"),
)
_AGES = tuple(one.name for one in _AGED)
_ANY_MONTH = frozenset({Question.AS_OF, Question.KNOWN_AT, Question.PERIOD, Question.SHOP})

RECEIVABLES = Report(
    name="receivables",
    about="What each shop owes at the end of a day, by how long it is overdue",
    columns=(_SHOP, *_AGED),
    takes=frozenset({Question.AS_OF, Question.KNOWN_AT, Question.SHOP}),
    lines=_ageing,
    totals=_AGES,
)

INVOICES = Report(
    name="invoices",
    about="Invoices and credit notes, and what of each was open at the end of a day",
    columns=(
        Column("number", Of.TEXT, "Of the invoice"),
        _SHOP,
        Column("period", Of.WORD, "The month"),
        Column("kind", Of.WORD, "invoice, or credit_note"),
        Column("issued_on", Of.DAY, "The day that stands on it"),
        Column("due_on", Of.DAY, "When it was to be paid"),
        Column("lines", Of.COUNT, "How many"),
        Column("amount", Of.KOPECKS, "Below zero: a credit note"),
        Column("open", Of.KOPECKS, "Not paid; of a credit note what was not set off"),
    ),
    takes=_ANY_MONTH,
    lines=_invoices,
    period_picks=True,
    totals=("lines", "amount", "open"),
)

INVOICE_LINES = Report(
    name="invoice-lines",
    about="What invoices are made of: each purchase confirmed, or given back",
    columns=(
        Column("number", Of.TEXT, "Of the invoice"),
        _SHOP,
        Column("order_id", Of.TEXT, "As the shop calls the purchase"),
        Column("reference", Of.TEXT, "Of the posting in the ledger"),
        Column("what", Of.WORD, "confirmed, or clawed_back"),
        Column("counts_at", Of.MOMENT, "When it happened"),
        Column("amount", Of.KOPECKS, "Commission; below zero what is given back"),
    ),
    takes=_ANY_MONTH,
    lines=_lines,
    period_picks=True,
    totals=("amount",),
)

FUNDING = Report(
    name="funding",
    about="What members had of each shop's cashback before it paid, as last reckoned by a day",
    columns=(
        _SHOP,
        Column("day", Of.DAY, "When it was reckoned"),
        Column("paid_to_members", Of.KOPECKS, "Of its cashback"),
        Column("covered", Of.KOPECKS, "What its money stands for"),
        Column("funded", Of.KOPECKS, "Ours, until it pays"),
    ),
    takes=frozenset({Question.AS_OF, Question.KNOWN_AT, Question.SHOP}),
    lines=_funding,
    totals=("paid_to_members", "covered", "funded"),
)

_KNOWN = "recorded_at <= coalesce(CAST(:known_at AS timestamptz), 'infinity')"
_ISSUED = f"""
    issued_on <= :day AND invoices.{_KNOWN}
    AND (CAST(:period AS text) IS NULL OR invoices.period = :period)
    AND (CAST(:shop AS bigint) IS NULL OR shop_id = :shop)
"""

_INVOICES = f"""
    WITH {MET}, used AS (
        SELECT credit_note_id, sum(used.amount) AS amount
        FROM payment_allocations AS used JOIN invoices ON invoices.id = used.invoice_id
        WHERE credit_note_id IS NOT NULL AND issued_on <= :day
          AND made_at <= coalesce(CAST(:known_at AS timestamptz), 'infinity')
          AND (undone_at IS NULL OR undone_at > CAST(:known_at AS timestamptz))
        GROUP BY credit_note_id
    )
    SELECT number, shop_id AS shop, invoices.period, kind, issued_on, due_on, lines,
           invoices.amount,
           invoices.amount - coalesce(met.amount, 0) + coalesce(used.amount, 0) AS open
    FROM invoices
    LEFT JOIN met ON met.invoice_id = invoices.id
    LEFT JOIN used ON used.credit_note_id = invoices.id
    WHERE {_ISSUED}
    ORDER BY number
"""  # noqa: S608 (texts of this file put together)

_LINES = f"""
    SELECT number, line.shop_id AS shop, order_id, reference, line.kind AS what,
           effective_at AS counts_at, line.amount
    FROM (
        SELECT invoices.id AS invoice_id, number, invoices.shop_id, moved.id, reference,
               moved.kind, effective_at, entry.amount
        FROM invoices
        JOIN ledger_entries AS entry ON account = 'shop_receivable' AND owner_id = shop_id
        JOIN ledger_transactions AS moved
             ON moved.id = transaction_id AND moved.period = invoices.period
        WHERE moved.kind IN ('confirmed', 'clawed_back') AND {_ISSUED}
    ) AS line
    LEFT JOIN purchases ON purchases.id = CAST(split_part(reference, ':', 2) AS bigint)
    ORDER BY invoice_id, line.id
"""  # noqa: S608 (texts of this file put together)

_FUNDING = f"""
    SELECT shop_id AS shop, day, paid_to_members, covered, funded
    FROM shop_funding
    WHERE day = (SELECT max(day) FROM funding_days WHERE day <= :day AND {_KNOWN})
      AND (CAST(:shop AS bigint) IS NULL OR shop_id = :shop)
    ORDER BY shop_id
"""  # noqa: S608 (texts of this file put together)
