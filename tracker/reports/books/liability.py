"""What we owe members: what it was, what came and went, what it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.ledger.rollups import Cut, movements, owed_to_us
from tracker.reports.books.cuts import SPANS, before, cut_of, opening
from tracker.reports.books.flows import LESSENS, LIABILITIES, Flow, kinds_of
from tracker.reports.contracts import Asked, Column, Lines, Of, Report


@dataclass(frozen=True, slots=True)
class Liability:
    """What we owe, in kopecks, as of a moment; what members owe us stands apart as debts."""

    pending: int
    available: int
    reserved: int
    in_flight: int
    certificates_outstanding: int
    debts: int

    @property
    def to_members(self) -> int:
        """Owed to members, in money and in certificates that no salon has taken yet."""
        return (
            self.pending
            + self.available
            + self.reserved
            + self.in_flight
            + self.certificates_outstanding
        )


def liability(session: Session, as_of: datetime) -> Liability:
    """What was owed to members by all that counts until then, as far as it is known now."""
    return _liability(session, Cut(as_of=as_of))


def _liability(session: Session, cut: Cut) -> Liability:
    moved = movements(session, cut, LIABILITIES)
    query = text(_CLOSING.format(moved=moved.select))
    owed: dict[str, int] = dict.fromkeys(LIABILITIES, 0)
    for row in session.execute(query, moved.values):
        owed[row.account] = int(row.amount)
    debts = owed_to_us(session, cut)
    return Liability(
        pending=owed["member_pending"],
        available=owed["member_available"] + debts,
        reserved=owed["member_reserved"],
        in_flight=owed["member_in_flight"],
        certificates_outstanding=owed["certificates_outstanding"],
        debts=debts,
    )


def _figure(session: Session, asked: Asked) -> Mapping[str, Any]:
    found = _liability(session, cut_of(asked))
    return {column.name: getattr(found, column.name) for column in _FIGURES}


def _lines(session: Session, asked: Asked) -> Lines:
    moved = movements(session, cut_of(asked), LIABILITIES)
    flows = {f"of_{flow}": kinds_of(flow) for flow in Flow}
    given = {**moved.values, **opening(asked), **flows, "accounts": list(LIABILITIES)}
    sums = ", ".join(
        f"coalesce({'' if flow in LESSENS else '-'}sum(amount) FILTER (WHERE NOT is_before"
        f" AND kind = ANY (CAST(:of_{flow} AS text[]))), 0) AS {flow}"
        for flow in Flow
    )
    return Lines(_ROLL.format(moved=moved.select, before=before(asked), sums=sums), given)


_FIGURES = (
    Column("pending", Of.KOPECKS, "Owed once the purchases are confirmed"),
    Column("available", Of.KOPECKS, "Owed now, and nowhere else in this list"),
    Column("reserved", Of.KOPECKS, "Put aside for goals"),
    Column("in_flight", Of.KOPECKS, "Handed to the operator, outcome not known"),
    Column("certificates_outstanding", Of.KOPECKS, "Certificates that no salon has taken yet"),
    Column("to_members", Of.KOPECKS, "The sum of all these"),
    Column("debts", Of.KOPECKS, "What members owe us; not taken off the sum"),
)

LIABILITY = Report(
    name="liability",
    about=(
        "What we owe members: opening + accrued - rejected - taken back - paid - certificates"
        " + adjusted + moved = closing"
    ),
    columns=(
        Column("account", Of.WORD, "Of the ledger"),
        Column("opening", Of.KOPECKS, "Owed before it begins; debts of members taken off"),
        Column("accrued", Of.KOPECKS, "Cashback, bonuses and rewards tracked"),
        Column("rejected", Of.KOPECKS, "Of that, before it was confirmed"),
        Column("taken_back", Of.KOPECKS, "Of that, after it was confirmed"),
        Column("paid", Of.KOPECKS, "Topped up by the operator"),
        Column("certificates", Of.KOPECKS, "Taken by salons"),
        Column("adjusted", Of.KOPECKS, "Given or taken by staff, two at a time"),
        Column("moved", Of.KOPECKS, "From one of these accounts to another: nothing in all"),
        Column("closing", Of.KOPECKS, "Owed in the end; debts of members taken off"),
    ),
    takes=SPANS,
    lines=_lines,
    totals=("opening", *(str(flow) for flow in Flow), "closing"),
    figures=_FIGURES,
    figure=_figure,
)

_CLOSING = """
    SELECT account, -sum(amount) AS amount FROM ({moved}) AS moved GROUP BY account
"""

_ROLL = """
    WITH summed AS (
        SELECT account, kind, {before} AS is_before, sum(amount) AS amount
        FROM ({moved}) AS moved
        GROUP BY 1, 2, 3
    )
    SELECT wanted.account, coalesce(-sum(amount) FILTER (WHERE is_before), 0) AS opening,
           {sums}, coalesce(-sum(amount), 0) AS closing
    FROM unnest(CAST(:accounts AS text[])) WITH ORDINALITY AS wanted (account, place)
    LEFT JOIN summed ON summed.account = wanted.account
    GROUP BY wanted.account, wanted.place
    ORDER BY wanted.place
"""
