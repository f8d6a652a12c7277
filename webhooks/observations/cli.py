"""`tracker shops health`."""

from datetime import datetime
from typing import Any

import click

from tracker.kit.cli import json_option, print_json, runtime_of, show, show_rows
from tracker.kit.clock import SystemClock
from tracker.kit.database import snapshot
from webhooks.observations.health import Health, health_of, health_of_all

_IN_A_LIST = (
    "shop",
    "last_event_at",
    "events_today",
    "events",
    "duplicates",
    "refused",
    "median_delay",
    "p95_delay",
    "waiting",
    "parked",
    "alarms",
)


@click.command("health")
@click.argument("slug", required=False)
@click.option("--alarms", "only_alarms", is_flag=True, help="Only shops that are not well.")
@json_option
@click.pass_context
def health(ctx: click.Context, slug: str | None, *, only_alarms: bool, as_json: bool) -> None:
    """How a shop's reporting goes, or every shop's: counts of seven days, delays in seconds.

    Alarms are signatures_failing, silent (for longer than is usual for the shop), secret_ending
    (within a day, and it is still in use).
    """
    if slug and only_alarms:
        raise click.UsageError("--alarms is for all shops")
    now = SystemClock().now()
    with snapshot(runtime_of(ctx).engine) as session:
        if slug:
            show(_told(health_of(session, slug, now)), as_json=as_json, title="Health")
            return
        found = [_told(one) for one in health_of_all(session, now, only_alarms=only_alarms)]
    if as_json:
        print_json(found)
        return
    rows = [{name: _plain(one[name]) for name in _IN_A_LIST} for one in found]
    show_rows(rows, as_json=False, empty="all shops are well" if only_alarms else "no shops")


def _told(found: Health) -> dict[str, Any]:
    """The figures, with moments in ISO 8601."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in found.figures.items()
    }


def _plain(value: object) -> object:
    """Words and counts as a person reads them in a row."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else value
