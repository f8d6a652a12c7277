"""The workers' part: a look ahead each day. What takes long is done with no transaction open."""

from datetime import datetime

from sqlalchemy import Engine

from tracker.forecast.making import House, make
from tracker.forecast.models import Forecast
from tracker.forecast.service import begin, begin_alone, keep
from tracker.kit.database import unit_of_work
from tracker.kit.logs import log

_LOG = log("forecast")


def look_ahead(engine: Engine, house: House, as_of: datetime) -> bool:
    """Make the day's forecast, unless somebody is at it; False: nothing is left to do.

    A worker that is lost meanwhile has changed nothing; another begins anew after half an hour.
    """
    with unit_of_work(engine) as session:
        begun = begin_alone(session, as_of, seed_of(as_of))
    if begun is not None:
        _finish(engine, house, begun)
    return False


def rebuild(engine: Engine, house: House, as_of: datetime, seed: int | None) -> Forecast:
    """Make a forecast as of a moment, whoever else is at one; returns it."""
    with unit_of_work(engine) as session:
        begun = begin(session, as_of, seed_of(as_of) if seed is None else seed)
    return _finish(engine, house, begun)


def seed_of(as_of: datetime) -> int:
    """The seed of a moment: whole seconds since 1970."""
    return int(as_of.timestamp())


def _finish(engine: Engine, house: House, begun: Forecast) -> Forecast:
    made = make(engine, house, begun.as_of, begun.seed)
    with unit_of_work(engine, "forecast.keep") as session:
        unlike = keep(session, begun.id, made)
        kept = session.get_one(Forecast, begun.id)
    for shop_id in unlike:
        _LOG.warning("shop_rejects_unlike_itself", shop_id=shop_id)
    return kept
