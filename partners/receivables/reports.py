"""Reports of what shops owe, for the reports' engine. Pure but for the SELECTs."""

from sqlalchemy.orm import Session

from partners.receivables.queries import AGEING
from tracker.kit.clock import moscow_date
from tracker.reports.contracts import Asked, Column, Lines, Of, Question, Report


def _ageing(_: Session, asked: Asked) -> Lines:
    only = "" if asked.shop is None else "WHERE shop_id = :shop"
    select = f"SELECT shop_id AS shop, {', '.join(_SUMS)} FROM ({AGEING}) AS aged {only}"  # noqa: S608
    given = {"day": moscow_date(asked.as_of), "known_at": asked.known_at}
    shop = {} if asked.shop is None else {"shop": asked.shop}
    return Lines(f"{select} ORDER BY shop_id", {**given, **shop})


_COLUMNS = (
    Column("owed", Of.KOPECKS, "As the ledger has it"),
    Column("not_due", Of.KOPECKS, "Invoiced, and not due yet"),
    Column("days_30", Of.KOPECKS, "1 to 30 days overdue"),
    Column("days_60", Of.KOPECKS, "31 to 60 days"),
    Column("days_90", Of.KOPECKS, "61 to 90 days"),
    Column("days_older", Of.KOPECKS, "More than 90 days"),
    Column("not_invoiced", Of.KOPECKS, "Of open months, less what was paid for no invoice yet"),
)
_SUMS = tuple(one.name for one in _COLUMNS)

RECEIVABLES = Report(
    name="receivables",
    about="What each shop owes at the end of a day, by how long it is overdue",
    columns=(Column("shop", Of.SHOP, "The shop"), *_COLUMNS),
    takes=frozenset({Question.AS_OF, Question.KNOWN_AT, Question.SHOP}),
    lines=_ageing,
    totals=_SUMS,
)
