"""The workers' part: days that are over are summed up."""

from sqlalchemy import Engine

from tracker.kit.database import unit_of_work
from tracker.kit.logs import log
from tracker.ledger.rollups import roll_up

TASK = "ledger-rollups"

_LOG = log("ledger")


def sum_up(engine: Engine) -> bool:
    """Sum up the next day; True when there may be more."""
    with unit_of_work(engine, "ledger.roll_up") as session:
        day = roll_up(session)
    if day is not None:
        _LOG.info("day_summed_up", day=day.isoformat())
    return day is not None
