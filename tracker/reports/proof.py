"""This room's part of the ledger proof: the reports add up."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.ledger.rules import Difference
from tracker.reports.books.liability import LIABILITY
from tracker.reports.books.trial_balance import TRIAL_BALANCE
from tracker.reports.contracts import Asked, Report
from tracker.reports.questions import END_OF_TIME
from tracker.reports.reading import Reading


def prove(session: Session) -> Iterator[Difference]:
    """All that counts, however late: opening and what came and went make the closing; the closing
    is what members' balances and certificates come to; what shops owe is the commission of
    confirmed purchases less what they paid; and all accounts together come to nothing."""
    owed = _lines(session, LIABILITY)
    for line in owed:
        yield from _see(f"liability {line['account']}", _rolled(line), line["closing"])
    told = session.execute(_KEPT).one()
    members = sum(line["closing"] for line in owed)
    yield from _see("liability closing", told.members + told.certificates, members)
    accounts = {line["account"]: line["closing"] for line in _lines(session, TRIAL_BALANCE)}
    yield from _see("all accounts", 0, sum(accounts.values()))
    receivable = told.commission + told.settled
    yield from _see("shop_receivable", receivable, accounts["shop_receivable"])


def _rolled(line: dict[str, Any]) -> int:
    more = line["opening"] + line["accrued"] + line["adjusted"] + line["moved"]
    less = line["rejected"] + line["taken_back"] + line["paid"] + line["certificates"]
    return int(more - less)


def _see(what: str, expected: int, found: int) -> Iterator[Difference]:
    if expected != found:
        yield Difference(f"reports: {what}", str(expected), str(found))


def _lines(session: Session, report: Report) -> list[dict[str, Any]]:
    names = [column.name for column in report.columns]
    reading = Reading.begin(session, report, Asked(as_of=END_OF_TIME), {})
    return [dict(zip(names, row, strict=True)) for row in reading.rows(1_000)]


_KEPT = text("""
    SELECT (SELECT coalesce(sum(pending + available + reserved + in_flight), 0)
            FROM member_balances) AS members,
           (SELECT coalesce(sum(amount), 0) FROM certificates
            WHERE state NOT IN ('redeemed', 'voided')) AS certificates,
           (SELECT coalesce(sum(confirmed_commission), 0) FROM purchases) AS commission,
           (SELECT coalesce(sum(amount), 0)
            FROM ledger_entries JOIN ledger_transactions AS moved ON moved.id = transaction_id
            WHERE account = 'shop_receivable'
              AND kind IN ('shop_paid', 'shop_payment_reversed', 'receivable_written_off'))
               AS settled
""")
