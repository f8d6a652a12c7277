"""What forecasts are given: the programme's figures, and the sections that shops stand in."""

import partners.shops.names
from tracker.forecast.making import House
from tracker.kit.settings import Settings


def house_of(settings: Settings) -> House:
    """What a look ahead needs of the programme."""
    return House(
        settings.payout_minimum,
        settings.payout_cap,
        settings.forecast_false_alarms,
        partners.shops.names.sections_of,
    )
