"""`tracker notifications …`"""

import click

from tracker.kit.cli import json_option, runtime_of, show
from tracker.kit.database import unit_of_work
from tracker.notifications.queries import standing


@click.group("notifications")
def commands() -> None:
    """Messages to members: what waits, what was sent, what could not be."""


@commands.command("status")
@json_option
@click.pass_context
def status(ctx: click.Context, *, as_json: bool) -> None:
    """How many are in each state and of which kinds, and how long the oldest wait."""
    with unit_of_work(runtime_of(ctx).engine) as session:
        found = standing(session)
    show(found, as_json=as_json, title="Notifications")
