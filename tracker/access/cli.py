"""`tracker access …`"""

import click
from sqlalchemy import Engine, text

from tracker.kit.cli import json_option, runtime_of, show
from tracker.kit.database import make_engine, unit_of_work

_DEAD = {
    "used_captchas": "expires_at < clock_timestamp() - interval '1 day'",
    "one_time_codes": "expires_at < clock_timestamp() - interval '1 day'",
    "joinings": "expires_at < clock_timestamp() - interval '1 day'",
    # No window is longer than a day.
    "budget_counts": "window_start < clock_timestamp() - interval '2 days'",
}
"""Rows that mean nothing any more, by table."""


@click.group("access")
def commands() -> None:
    """What is kept for signing in and joining."""


@commands.command("prune")
@json_option
@click.pass_context
def prune(ctx: click.Context, as_json: bool) -> None:
    """Delete captchas, codes, joinings and budgets that are over, as the schema's owner.

    The application may delete nothing. Nothing depends on when this runs, or whether.
    """
    engine = make_engine(runtime_of(ctx).settings.database_owner_url, pool_size=1, role=None)
    try:
        gone = {table: _delete(engine, table) for table in _DEAD}
    finally:
        engine.dispose()
    show(gone, as_json=as_json, title="Pruned")


def _delete(engine: Engine, table: str) -> int:
    query = text(f"DELETE FROM {table} WHERE {_DEAD[table]} RETURNING 1")  # noqa: S608 - ours
    with unit_of_work(engine) as session:
        return len(session.scalars(query).all())
