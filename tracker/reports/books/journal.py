"""Every entry of the ledger, one a line: what an accountant takes along."""

from sqlalchemy.orm import Session

from tracker.kit.database import one_of
from tracker.ledger.rules import SHOP_ACCOUNTS
from tracker.reports.books.cuts import SHOP, SPANS, cut_of, opening, within
from tracker.reports.contracts import Asked, Column, Lines, Of, Report


def _lines(_: Session, asked: Asked) -> Lines:
    cut = cut_of(asked)
    select = _JOURNAL.format(cut=cut.condition, within=within(asked))
    return Lines(select, {**cut.values, **opening(asked)})


JOURNAL = Report(
    name="journal",
    about="Every entry of the ledger in the order in which it was written",
    columns=(
        Column("transaction", Of.NUMBER, "Entries of the same number balance"),
        Column("leg", Of.NUMBER, "From 0"),
        Column("reference", Of.TEXT, "What happened, once"),
        Column("kind", Of.WORD, "Why money moved"),
        Column("counts", Of.MOMENT, "When it counts"),
        Column("known", Of.MOMENT, "When we knew"),
        Column("period", Of.WORD, "In which month's books it stands"),
        Column("account", Of.WORD, "Of the ledger"),
        SHOP,
        Column("member", Of.NUMBER, "Of a member's account"),
        Column("debit", Of.KOPECKS),
        Column("credit", Of.KOPECKS),
        Column("corrects", Of.TEXT, "The reference of what it corrects"),
    ),
    takes=SPANS,
    lines=_lines,
    totals=("debit", "credit"),
)

_JOURNAL = f"""
    SELECT moved.id AS transaction, leg, reference, kind, effective_at AS counts,
           recorded_at AS known, period, account,
           CASE WHEN {one_of("account", SHOP_ACCOUNTS)} THEN owner_id END AS shop,
           CASE WHEN starts_with(account, 'member_') THEN owner_id END AS member,
           CASE WHEN amount > 0 THEN amount END AS debit,
           CASE WHEN amount < 0 THEN -amount END AS credit, corrects
    FROM ledger_transactions AS moved JOIN ledger_entries ON transaction_id = moved.id
    WHERE {{cut}} AND {{within}}
    ORDER BY moved.id, leg
"""  # noqa: S608 (words of this file)
