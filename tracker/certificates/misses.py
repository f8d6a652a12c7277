"""How many wrong codes salons may tell us: beyond that, no code is looked at.

Only misses are counted, so a salon is never refused for taking many certificates. A code is one of
2^115: the budgets stop whoever tries all the same, and let somebody know.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine

from tracker.access import budgets
from tracker.access.budgets import Budget
from tracker.kit.crypto import Keyring
from tracker.kit.logs import log

OF_SALON = 100
"""Wrong codes an hour from one salon: its people mistype, and its members bring dead codes."""
OF_ADDRESS = 300
"""From one address: salons of a chain may share it."""
IN_ALL = 2_000
"""From all together."""
ALARM = 20
"""An hour from one salon, at which somebody should look at it."""

SHARED = "certificate misses all"
"""As it is counted for all together."""

HOUR = timedelta(hours=1)
_LOG = log("certificates")


def see_left(engine: Engine, keys: Keyring, salon: str, address: str, now: datetime) -> None:
    """To be called before a code is looked at. Raises BudgetUsedUp, whether or not it is right."""
    budgets.see_left(engine, keys, _budgets(salon, address), now)


def count(engine: Engine, keys: Keyring, salon: str, address: str, now: datetime) -> None:
    """Count a wrong code. Raises BudgetUsedUp when others have used the budget up meanwhile: then
    nobody is told that it was wrong."""
    budgets.spend(engine, keys, _budgets(salon, address), now)
    noticed = Budget("certificate misses noticed", salon, ALARM, HOUR)
    if budgets.has_reached(engine, keys, noticed, now):
        _LOG.error("certificates_guessed", salon=salon, misses=ALARM)


def _budgets(salon: str, address: str) -> Sequence[Budget]:
    return [
        Budget("certificate misses salon", salon, OF_SALON, HOUR),
        Budget("certificate misses address", address, OF_ADDRESS, HOUR),
        Budget(SHARED, "", IN_ALL, HOUR),
    ]
