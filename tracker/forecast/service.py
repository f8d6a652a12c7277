"""Keeping forecasts. The caller owns the unit of work."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Insert, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tracker.forecast.making import Made
from tracker.forecast.models import Forecast, ForecastCost, ForecastCurve, ForecastWatch
from tracker.forecast.queries import being_made
from tracker.kit.database import Base, bulk_insert, table_of, try_lock


def begin(session: Session, as_of: datetime, seed: int) -> Forecast:
    """Note that a forecast is being made."""
    begun = Forecast(as_of=as_of, seed=seed)
    session.add(begun)
    session.flush()
    return begun


def begin_alone(session: Session, as_of: datetime, seed: int) -> Forecast | None:
    """The same, unless somebody is at it already."""
    if not try_lock(session, "forecast") or being_made(session):
        return None
    return begin(session, as_of, seed)


def keep(session: Session, forecast_id: int, made: Made) -> list[int]:
    """Keep what was made; returns the shops that are newly found to reject unlike themselves.

    Curves and watches are those of the latest moment that was looked ahead from: a look from an
    earlier one leaves them as they are.
    """
    session.execute(_ONE_AT_A_TIME)
    forecast = session.get_one(Forecast, forecast_id)
    forecast.made_at = session.scalar(select(func.clock_timestamp()))
    forecast.purchases, forecast.members = made.purchases, made.members
    forecast.one_in = made.one_in
    session.flush()
    costs = [{"forecast_id": forecast_id, **asdict(cost)} for cost in made.costs]
    bulk_insert(session, ForecastCost, costs)
    latest = select(Forecast.id).where(Forecast.made_at.is_not(None))
    if forecast_id != session.scalar(
        latest.order_by(Forecast.as_of.desc(), Forecast.id.desc()).limit(1)
    ):
        return []
    known = set(
        session.scalars(select(ForecastWatch.shop_id).where(ForecastWatch.since.is_not(None)))
    )
    _replace(session, ForecastCurve, forecast_id, (asdict(one) for one in made.curves))
    _replace(session, ForecastWatch, forecast_id, (asdict(one) for one in made.watches))
    return [one.shop_id for one in made.watches if one.since and one.shop_id not in known]


def _replace(
    session: Session, model: type[Base], forecast_id: int, rows: Iterable[dict[str, Any]]
) -> None:
    given = [{"forecast_id": forecast_id, **row} for row in rows]
    if given:
        session.execute(_upsert(model), given)


def _upsert(model: type[Base]) -> Insert:
    statement = insert(table_of(model))
    others = [column.name for column in table_of(model).c if not column.primary_key]
    return statement.on_conflict_do_update(
        index_elements=["shop_id"], set_={name: statement.excluded[name] for name in others}
    )


_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('forecast-keep', 0))")
