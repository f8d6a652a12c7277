"""The workers' part: checks that were asked for, and the seals of months that were closed."""

from collections.abc import Mapping

from sqlalchemy import Engine

from tracker.kit.database import unit_of_work
from tracker.kit.logs import log
from tracker.periods.contracts import Check
from tracker.periods.service import draw_up, look

_LOG = log("periods")


def work(engine: Engine, checks: Mapping[str, Check]) -> bool:
    """Make one check, seal the documents of one month; True when there may be more."""
    with unit_of_work(engine, "periods.check", one_moment=True) as session:
        looked = look(session, checks)
    with unit_of_work(engine, "periods.draw_up") as session:
        period = draw_up(session)
    if period:
        _LOG.info("period_documents_sealed", period=period)
    return bool(looked or period)
