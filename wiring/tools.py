"""Settings and tools of a process."""

import os
from contextlib import suppress
from pathlib import Path

from sqlalchemy.exc import ProgrammingError

import partners.credentials.sealed
import partners.reconciliation.rules
import tracker.alerts.rules
import tracker.certificates.hashed
import tracker.claims.sealed
import tracker.forecast.rules
import tracker.members.sealed
import tracker.periods.rules
import tracker.relatives.sealed
import tracker.reports.rules
import tracker.team.sealed
from tracker.kit import processes, tasks
from tracker.kit.database import AWAY, make_engine, unit_of_work
from tracker.kit.logs import set_up_logs
from tracker.kit.resealing import see_that_the_key_fits
from tracker.kit.runtime import Runtime
from tracker.kit.settings import Settings, load_settings
from tracker.settlement.rules import DELIVERY, WATCH

DATA = "TRACKER_DATA"
DEFAULT_DATA = ".tracker"

SEALED = (
    *tracker.members.sealed.COLUMNS,
    *tracker.relatives.sealed.COLUMNS,
    *tracker.claims.sealed.COLUMNS,
    *tracker.team.sealed.COLUMNS,
    *partners.credentials.sealed.COLUMNS,
)
"""Every column that the key seals for longer than a moment."""

HASHED = (*tracker.members.sealed.HASHED, *tracker.certificates.hashed.HASHED)
"""What is of use only as long as the key is kept under which it was hashed."""

LONG_TASKS = {
    DELIVERY: 1_800,
    WATCH: 1_800,
    partners.reconciliation.rules.TASK: 1_800,
    tracker.periods.rules.TASK: 3_600,
    tracker.alerts.rules.TASK: 3_600,
    tracker.reports.rules.TASK: 3_600,
    tracker.forecast.rules.TASK: 1_800,
}
"""Seconds: the first three may have to read a statement of a million lines to its end, the others
prove all books, seal those of a month, write a journal of years, and play months through."""

_TELLING = (tracker.members.sealed.COLUMNS[0], *partners.credentials.sealed.COLUMNS)
"""Numbers and webhook secrets: whoever has lost the key can write new ones by commands."""


def settings_of_process() -> Settings:
    """The settings that this process was started with."""
    return load_settings(os.environ, Path(os.environ.get(DATA, DEFAULT_DATA)))


def runtime_from(settings: Settings, *, connections: int, patience: int | None = None) -> Runtime:
    """The tools of a process; ``patience`` as for an engine."""
    set_up_logs(settings.log_level)
    engine = make_engine(settings.database_url, pool_size=connections, patience=patience)
    nudger = tasks.Nudger(tasks.connect_redis(settings.redis_url), LONG_TASKS)
    return Runtime(settings, engine, nudger)


def see_the_key(settings: Settings) -> None:
    """Better not to start than to start with a key that opens nothing. Raises KeyNotKnown.

    While the database is away, or has no tables yet, nothing can be said.
    """
    engine = make_engine(settings.database_url, pool_size=1)
    with suppress(*AWAY, ProgrammingError), unit_of_work(engine) as session:
        see_that_the_key_fits(session, settings.keys, _TELLING)
    engine.dispose()


def runtime_of_web() -> Runtime:
    """The tools of a web process."""
    return runtime_from(
        settings_of_process(), connections=processes.THREADS, patience=processes.PATIENCE
    )
