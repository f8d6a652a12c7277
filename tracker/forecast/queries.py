"""Reads of forecasts that were made."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tracker.forecast.models import Forecast, ForecastCost, ForecastCurve, ForecastWatch
from tracker.forecast.rules import NoCurve, NoForecast, Scope
from tracker.kit.clock import moscow_date, moscow_midnight
from tracker.settlement.models import SettlementRun

ENOUGH = 100
"""Purchases, of all shops, by which members are told what is usual."""


@dataclass(frozen=True, slots=True)
class CostTold:
    """A cost as it was foretold, and what it came to; kopecks."""

    scope: Scope
    period: str
    p10: int
    p50: int
    p90: int
    came_to: int | None
    """Of a 1st: the total of its sealed list; None while there is none."""


@dataclass(frozen=True, slots=True)
class Told:
    """A forecast with its costs."""

    as_of: datetime
    made_at: datetime | None
    seed: int
    purchases: int
    members: int
    one_in: int
    costs: Sequence[CostTold]
    shops_unlike_themselves: int
    """At present."""


def told(session: Session, as_of: datetime) -> Told:
    """The latest forecast from a moment or before. Raises NoForecast."""
    made = select(Forecast).where(Forecast.made_at.is_not(None))
    found = session.scalar(
        made.where(Forecast.as_of <= as_of)
        .order_by(Forecast.as_of.desc(), Forecast.id.desc())
        .limit(1)
    )
    if found is None:
        first = session.scalar(made.order_by(Forecast.as_of).limit(1))
        since = f"the first is of {first.as_of.isoformat()}" if first else "none was made yet"
        raise NoForecast(f"there is no forecast of {as_of.isoformat()} or before: {since}")
    return Told(
        found.as_of,
        found.made_at,
        found.seed,
        found.purchases,
        found.members,
        found.one_in,
        _costs(session, found),
        unlike_themselves(session),
    )


def _costs(session: Session, forecast: Forecast) -> list[CostTold]:
    rows = session.execute(
        select(ForecastCost, SettlementRun.total)
        .outerjoin(SettlementRun, SettlementRun.period == ForecastCost.period)
        .where(ForecastCost.forecast_id == forecast.id)
    )
    costs = [
        CostTold(Scope(one.scope), one.period, one.p10, one.p50, one.p90, total)
        for one, total in rows
    ]
    order = list(Scope)
    return sorted(costs, key=lambda one: (order.index(one.scope), one.period))


def unlike_themselves(session: Session) -> int:
    """How many shops reject unlike themselves."""
    query = select(func.count()).where(ForecastWatch.since.is_not(None))
    return session.scalar(query) or 0


def unlike_now(session: Session) -> dict[int, int]:
    """The shops that reject unlike themselves, each with what it has rejected lately."""
    query = select(ForecastWatch.shop_id, ForecastWatch.rejected).where(
        ForecastWatch.since.is_not(None)
    )
    return {row.shop_id: row.rejected for row in session.execute(query)}


def shops(
    session: Session, *, after: int, limit: int, unlike: bool
) -> list[tuple[ForecastCurve, ForecastWatch | None]]:
    """Shops by id, those after one; all, or those alone that reject unlike themselves."""
    query = (
        select(ForecastCurve, ForecastWatch)
        .outerjoin(ForecastWatch, ForecastWatch.shop_id == ForecastCurve.shop_id)
        .where(ForecastCurve.shop_id > after)
        .order_by(ForecastCurve.shop_id)
        .limit(limit)
    )
    if unlike:
        query = query.where(ForecastWatch.since.is_not(None))
    return [(row.ForecastCurve, row.ForecastWatch) for row in session.execute(query)]


def shop(session: Session, shop_id: int) -> tuple[ForecastCurve, ForecastWatch | None]:
    """A shop's curves and how it stands. Raises NoCurve."""
    found = session.get(ForecastCurve, shop_id)
    if found is None:
        raise NoCurve("nothing is known of how that shop's purchases end")
    return found, session.get(ForecastWatch, shop_id)


def curves_of(session: Session, wanted: Collection[int]) -> Mapping[int, ForecastCurve]:
    """The curves of shops, those of all in place of one that has none of its own; nothing as long
    as too little was seen to speak of what is usual."""
    found = {
        one.shop_id: one
        for one in session.scalars(
            select(ForecastCurve).where(ForecastCurve.shop_id.in_({0, *wanted}))
        )
    }
    everybody = found.get(0)
    if everybody is None or everybody.purchases < ENOUGH:
        return {}
    return {shop_id: found.get(shop_id, everybody) for shop_id in wanted}


def being_made(session: Session) -> bool:
    """Whether somebody is at one; whoever has been for half an hour is gone."""
    return bool(session.scalar(_BEING_MADE))


def forecast_is_due(session: Session, now: datetime) -> bool:
    """Whether there is none of today, there are books, and nobody is at one. No more often than
    once a minute, however fast business time runs."""
    today = moscow_midnight(moscow_date(now))
    return bool(session.scalar(_IS_DUE, {"today": today})) and not being_made(session)


def gauges(session: Session) -> dict[str, float]:
    """What the next 1st, and the next three, may cost as they were last foretold, with all that
    may be bought until then; and how many shops reject unlike themselves."""
    latest = (
        select(Forecast.id)
        .where(Forecast.made_at.is_not(None))
        .order_by(Forecast.as_of.desc(), Forecast.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    costs = session.scalars(
        select(ForecastCost)
        .where(ForecastCost.forecast_id == latest, ForecastCost.scope == Scope.EVERYTHING)
        .order_by(ForecastCost.period)
    ).all()
    shown = {"next_1st": costs[0] if costs else None, "three_1sts": costs[-1] if costs else None}
    return {
        f"forecast_{name}_{percent}_kopecks": getattr(cost, percent) if cost else 0
        for name, cost in shown.items()
        for percent in ("p10", "p50", "p90")
    } | {"forecast_shops_unlike_themselves": unlike_themselves(session)}


_BEING_MADE = text("""
    SELECT EXISTS (SELECT FROM forecasts
                   WHERE made_at IS NULL AND begun_at > clock_timestamp() - interval '30 minutes')
""")

_IS_DUE = text("""
    SELECT NOT EXISTS (SELECT FROM forecasts WHERE as_of >= :today AND made_at IS NOT NULL)
       AND NOT EXISTS (SELECT FROM forecasts
                       WHERE begun_at > clock_timestamp() - interval '1 minute')
       AND EXISTS (SELECT FROM ledger_transactions)
""")
