"""Every account of the ledger, and that all of them together come to nothing."""

from sqlalchemy.orm import Session

from tracker.ledger.rollups import movements
from tracker.ledger.rules import Account
from tracker.reports.books.cuts import SPANS, before, cut_of, opening
from tracker.reports.contracts import Asked, Column, Lines, Of, Report


def _lines(session: Session, asked: Asked) -> Lines:
    moved = movements(session, cut_of(asked))
    given = {**moved.values, **opening(asked), "accounts": [str(one) for one in Account]}
    return Lines(_ALL.format(moved=moved.select, before=before(asked)), given)


TRIAL_BALANCE = Report(
    name="trial-balance",
    about="Every account of the ledger: opening + moved = closing, debit above zero",
    columns=(
        Column("account", Of.WORD, "Of the ledger"),
        Column("opening", Of.KOPECKS, "Before it begins; a credit is below zero"),
        Column("moved", Of.KOPECKS, "What debits and credits come to"),
        Column("closing", Of.KOPECKS, "In the end"),
    ),
    takes=SPANS,
    lines=_lines,
    totals=("opening", "moved", "closing"),
)

_ALL = """
    WITH summed AS (
        SELECT account, {before} AS is_before, sum(amount) AS amount
        FROM ({moved}) AS moved GROUP BY 1, 2
    )
    SELECT wanted.account,
           coalesce(sum(amount) FILTER (WHERE is_before), 0) AS opening,
           coalesce(sum(amount) FILTER (WHERE NOT is_before), 0) AS moved,
           coalesce(sum(amount), 0) AS closing
    FROM unnest(CAST(:accounts AS text[])) WITH ORDINALITY AS wanted (account, place)
    LEFT JOIN summed ON summed.account = wanted.account
    GROUP BY wanted.account, wanted.place
    ORDER BY wanted.place
"""
