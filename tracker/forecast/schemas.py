"""How forecasts look to staff. Parts of purchases are percents; none of this is a promise."""

from typing import Any

from marshmallow import Schema, fields, validate

from tracker.forecast.models import ForecastCurve, ForecastWatch
from tracker.forecast.rules import Scope
from tracker.kit.fields import Moment, Percent, Rubles

AGES = (1, 3, 7, 14, 21, 30, 45, 60, 90)
"""Days at which curves are told."""

_IN_BASIS_POINTS = 100
"""Millionths."""


class ForecastQuery(Schema):
    """From when."""

    as_of = Moment(metadata={"description": "The latest forecast until then  [default: now]"})


class ForecastCostSchema(Schema):
    """What a 1st may cost."""

    scope = fields.Enum(Scope, by_value=True)
    period = fields.String(
        metadata={"description": "The month on whose 1st it is paid; `all`: the next three"}
    )
    p10 = Rubles(metadata={"description": "One time in ten it costs less"})
    p50 = Rubles(metadata={"description": "As often more as less"})
    p90 = Rubles(metadata={"description": "One time in ten it costs more"})
    came_to = Rubles(
        allow_none=True, metadata={"description": "The total of its sealed list, once there is one"}
    )


class ForecastSchema(Schema):
    """A forecast of the next three 1sts."""

    as_of = fields.AwareDateTime(format="iso", metadata={"description": "From when it looks"})
    made_at = fields.AwareDateTime(format="iso")
    seed = fields.Integer()
    purchases = fields.Integer(metadata={"description": "On how many its curves rest"})
    members = fields.Integer(metadata={"description": "Whose months were played through"})
    one_in = fields.Integer(metadata={"description": "Of how many members one was"})
    costs = fields.List(fields.Nested(ForecastCostSchema))
    shops_unlike_themselves = fields.Integer()


class ForecastAgeSchema(Schema):
    """By an age, had no hold ended: how much had been confirmed, and rejected."""

    days = fields.Integer()
    confirmed = Percent()
    rejected = Percent()
    money_confirmed = Percent()
    money_rejected = Percent()


class ForecastWatchSchema(Schema):
    """The last eight weeks against the shop's own past."""

    rejected = fields.Integer(metadata={"description": "Purchases"})
    expected = fields.Integer(metadata={"description": "As many as in its past, rounded"})
    odds = fields.Integer(metadata={"description": "That it rejects more than it did"})
    bar = fields.Integer(metadata={"description": "The odds at which it is called so"})
    since = fields.Date(
        allow_none=True, metadata={"description": "Rejects unlike itself since; null: it does not"}
    )


class ForecastShopSchema(Schema):
    """How purchases of a shop end."""

    shop = fields.String()
    purchases = fields.Integer(
        metadata={"description": "Of its own; with few it is drawn towards its section"}
    )
    ages = fields.List(fields.Nested(ForecastAgeSchema))
    watch = fields.Nested(ForecastWatchSchema, allow_none=True)


class ForecastShopFilter(Schema):
    """Which shops."""

    unlike = fields.Boolean(
        load_default=False, metadata={"description": "Those alone that reject unlike themselves"}
    )
    cursor = fields.Integer(load_default=0, validate=validate.Range(min=0, max=2**63 - 1))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class ForecastShopPage(Schema):
    """Shops; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(ForecastShopSchema))
    next = fields.String(allow_none=True)


def shop_view(slug: str, curve: ForecastCurve, watch: ForecastWatch | None) -> dict[str, Any]:
    """A shop as it is told."""
    return {
        "shop": slug,
        "purchases": curve.purchases,
        "ages": [
            {
                "days": age,
                "confirmed": curve.confirmed[age] // _IN_BASIS_POINTS,
                "rejected": curve.rejected[age] // _IN_BASIS_POINTS,
                "money_confirmed": curve.money_confirmed[age] // _IN_BASIS_POINTS,
                "money_rejected": curve.money_rejected[age] // _IN_BASIS_POINTS,
            }
            for age in AGES
        ],
        "watch": watch
        and {
            "rejected": watch.rejected,
            "expected": (watch.expected_thousandths + 500) // 1000,
            "odds": watch.odds,
            "bar": watch.bar,
            "since": watch.since,
        },
    }
