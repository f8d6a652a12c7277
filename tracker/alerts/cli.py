"""`tracker alerts …`"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import click

from tracker.alerts.looking import look_at_one
from tracker.alerts.rules import Condition
from tracker.alerts.views import shown
from tracker.kit.cli import as_of_option, json_option, moment_of, runtime_of, show_rows
from tracker.kit.database import unit_of_work
from tracker.kit.money import format_rubles
from tracker.kit.settings import Settings


def build(conditions_of: Callable[[Settings], Sequence[Condition]]) -> click.Group:
    """The commands, over the conditions of all rooms."""

    @click.group("alerts")
    def commands() -> None:
        """What somebody should look at."""

    @commands.command("list")
    @click.option("--all", "everything", is_flag=True, help="Conditions that do not hold as well.")
    @json_option
    @click.pass_context
    def list_alerts(ctx: click.Context, *, everything: bool, as_json: bool) -> None:
        """What holds now, and since when. Exit code 1 when something does."""
        runtime = runtime_of(ctx)
        with unit_of_work(runtime.engine) as session:
            found = shown(session, conditions_of(runtime.settings))
            rows = [
                {
                    "alert": row["name"],
                    "severity": row["severity"],
                    "subject": alert.subject if alert else "",
                    "value": alert.value if alert else None,
                    "limit": alert.limit if alert else row["limit"],
                    "unit": row["unit"],
                    "since": alert.since if alert else None,
                    "said": alert.said if alert else "",
                    "acknowledged_by": alert.acknowledged_by if alert else None,
                    "runbook": row["runbook"],
                }
                for row in found
                for alert in (row["holds"] or ([None] if everything else []))
            ]
        if not as_json:
            rows = [_in_roubles(row) if row["unit"] == "kopecks" else row for row in rows]
        show_rows(rows, as_json=as_json, empty="nothing: all is as it ought to be")
        if any(row["holds"] for row in found):
            ctx.exit(1)

    @commands.command("look")
    @as_of_option
    @click.pass_context
    def look_now(ctx: click.Context, *, as_of: datetime | None) -> None:
        """Look at all conditions that are due, as the workers do."""
        runtime = runtime_of(ctx)
        conditions, now = conditions_of(runtime.settings), moment_of(as_of, runtime.clock)
        looks = 0
        while look_at_one(runtime.engine, conditions, now):
            looks += 1
        click.echo(f"looked at {looks} conditions")

    return commands


def _in_roubles(row: dict[str, Any]) -> dict[str, Any]:
    """As people read it; for programs sums stay whole kopecks."""
    sums = {name: row[name] for name in ("value", "limit")}
    told = {name: None if sum_ is None else format_rubles(sum_) for name, sum_ in sums.items()}
    return {**row, **told, "unit": "RUB"}
