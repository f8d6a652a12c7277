"""`tracker inbox prune`: old raw bytes go, a month at a time."""

from dataclasses import asdict
from datetime import datetime

import click

from tracker.kit.cli import as_of_option, json_option, moment_of, runtime_of, show
from tracker.kit.clock import SystemClock
from webhooks.inbox.retention import KEEP_MONTHS, prune


@click.command("prune")
@click.option(
    "--keep-months",
    type=click.IntRange(1, 1_000),
    default=KEEP_MONTHS,
    show_default=True,
    help="Months kept besides the present one.",
)
@click.option("--dry-run", is_flag=True, help="Only tell what would go.")
@as_of_option
@json_option
@click.pass_context
def prune_inbox(
    ctx: click.Context, *, keep_months: int, dry_run: bool, as_of: datetime | None, as_json: bool
) -> None:
    """Let the raw bytes of old events go, as the schema's owner. That they came stays known.

    Nobody is held up. What waits or is parked keeps its bytes.
    """
    # Events are received in real time, whatever the clock of business says.
    now = moment_of(as_of, SystemClock())
    url = runtime_of(ctx).settings.database_owner_url
    gone = prune(url, keep_months, now, dry_run=dry_run)
    title = "Would be pruned" if dry_run else "Pruned"
    if as_json:
        show({"dry_run": dry_run, **asdict(gone)}, as_json=True)
        return
    months = ", ".join(
        f"{one.month} ({one.bytes} bytes; {one.unsettled} carried over)" for one in gone.months
    )
    show(
        {
            "months": months or "none",
            "settled_since": gone.settled,
            "conflicts": gone.conflicts,
        },
        as_json=False,
        title=title,
    )
