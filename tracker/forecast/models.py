"""Tables of forecasts. They are made anew each day, and move no money."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from tracker.forecast.rules import ALL_FIRSTS, Scope
from tracker.kit.database import Base, Instant, one_of


class Forecast(Base):
    """One look ahead. Its costs stay, to be held against what came of it."""

    __tablename__ = "forecasts"
    __table_args__ = (
        CheckConstraint("one_in >= 1", name="one_in"),
        Index("ix_forecasts_as_of", "as_of", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    as_of: Mapped[datetime] = mapped_column(Instant)
    """The business moment from which it looks ahead."""
    seed: Mapped[int] = mapped_column(BigInteger)
    """With the same seed and the same books it says the same."""
    begun_at: Mapped[datetime] = mapped_column(Instant, server_default=func.clock_timestamp())
    made_at: Mapped[datetime | None] = mapped_column(Instant)
    """None: it is being made, or whoever made it is gone."""
    purchases: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """On how many of them its curves rest."""
    members: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Whose months were played through."""
    one_in: Mapped[int] = mapped_column(BigInteger, server_default="1")
    """Of how many members one was; the figures are those of all."""


class ForecastCost(Base):
    """What a 1st may cost, or the next three together: kopecks."""

    __tablename__ = "forecast_costs"
    __table_args__ = (
        CheckConstraint(one_of("scope", Scope), name="scope"),
        CheckConstraint(
            f"period = '{ALL_FIRSTS}' OR period ~ '^[0-9]{{4}}-(0[1-9]|1[0-2])$'", name="period"
        ),
        CheckConstraint("0 <= p10 AND p10 <= p50 AND p50 <= p90", name="order"),
    )

    forecast_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("forecasts.id"), primary_key=True
    )
    scope: Mapped[str] = mapped_column(Text, primary_key=True)
    period: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    """The month on whose 1st it is paid, ``2011-01``; or all three."""
    p10: Mapped[int] = mapped_column(BigInteger)
    """One time in ten it costs less."""
    p50: Mapped[int] = mapped_column(BigInteger)
    p90: Mapped[int] = mapped_column(BigInteger)
    """One time in ten it costs more."""


class ForecastCurve(Base):
    """How pending cashback of a shop ends, by the latest forecast.

    Each list has a number for every age in whole days from 0: of a million purchases (or kopecks),
    how many have been confirmed, or rejected, by then, had no hold ended. Shop 0 is all together.
    """

    __tablename__ = "forecast_curves"

    shop_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    forecast_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("forecasts.id"))
    purchases: Mapped[int] = mapped_column(BigInteger)
    """Of the shop's own; with few it is drawn towards its section, and that towards all."""
    confirmed: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    rejected: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    money_confirmed: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    money_rejected: Mapped[list[int]] = mapped_column(ARRAY(Integer))


class ForecastWatch(Base):
    """Whether a shop rejects unlike itself, by the latest forecast that had a past to compare."""

    __tablename__ = "forecast_watches"
    __table_args__ = (
        CheckConstraint("rejected >= 0 AND expected_thousandths >= 0", name="counts"),
    )

    shop_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    forecast_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("forecasts.id"))
    rejected: Mapped[int] = mapped_column(BigInteger)
    """Purchases rejected in the days that were looked at."""
    expected_thousandths: Mapped[int] = mapped_column(BigInteger)
    """As many as there would have been in the shop's past, in thousandths of a purchase."""
    odds: Mapped[int] = mapped_column(BigInteger)
    """That it rejects more than it did."""
    bar: Mapped[int] = mapped_column(BigInteger)
    """The odds at which it is called so."""
    since: Mapped[date | None] = mapped_column(Date)
    """The business day on which the odds passed the bar for good; None: they are below it."""
