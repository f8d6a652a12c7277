"""The workers' part: invoices of months that were asked for, and once a day what was lent."""

from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from partners.receivables import funding, issuing
from partners.receivables.terms import Terms
from tracker.kit.clock import moscow_date
from tracker.kit.database import unit_of_work
from tracker.kit.logs import log

_LOG = log("receivables")


def work(engine: Engine, now: datetime, house: Terms) -> bool:
    """Issue one month's invoices, and reckon what was lent by this day; True when more may wait."""
    with unit_of_work(engine, "receivables.issue") as session:
        run = issuing.issue(session, house)
    if run:
        _LOG.info("invoices_issued", period=run.period, invoices=run.invoices)
    with unit_of_work(engine, "receivables.reckon") as session:
        shops = funding.reckon(session, moscow_date(now))
    if shops is not None:
        _LOG.info("funding_reckoned", shops=shops)
    return run is not None


def is_due(session: Session, now: datetime) -> bool:
    """Whether there is something to do."""
    return issuing.is_due(session, now) or funding.is_due(session, now)
