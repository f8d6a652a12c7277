"""`tracker salons …`: where certificates are taken, and the keys of those places."""

import click

from tracker.certificates.salons import Act, all_salons, change_key, close, open_salon
from tracker.kit.cli import json_option, runtime_of, show, show_rows
from tracker.kit.clock import SystemClock
from tracker.kit.database import unit_of_work
from tracker.staff.cli import acting_on, token_option
from tracker.staff.rules import Role

_reason_option = click.option("--reason", required=True, help="Why: it is kept with the act.")


@click.group("salons")
def commands() -> None:
    """Salons of the operator, which take certificates."""


@commands.command("add")
@click.argument("slug")
@click.option("--name", required=True, help="What people call it.")
@_reason_option
@token_option
@json_option
@click.pass_context
def add(
    ctx: click.Context, /, slug: str, *, name: str, reason: str, token: str | None, as_json: bool
) -> None:
    """Add the salon SLUG and print its key, once. SLUG is its `salon_id` in what it sends."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        act = Act(acting_on(session, runtime, token, Role.ADMIN), reason)
        key = open_salon(session, runtime.settings.keys, slug, name, act)
    show({"salon": slug, "key": key}, as_json=as_json)


@commands.command("list")
@json_option
@click.pass_context
def list_salons(ctx: click.Context, as_json: bool) -> None:
    """The salons, closed ones too; never their keys."""
    with unit_of_work(runtime_of(ctx).engine) as session:
        rows = [
            {
                "salon": one.slug,
                "name": one.name,
                "since": one.recorded_at.isoformat(),
                "closed_at": one.closed_at and one.closed_at.isoformat(),
            }
            for one in all_salons(session)
        ]
    show_rows(rows, as_json=as_json, empty="there are no salons")


@commands.command("key")
@click.argument("slug")
@_reason_option
@token_option
@json_option
@click.pass_context
def key_of(
    ctx: click.Context, /, slug: str, *, reason: str, token: str | None, as_json: bool
) -> None:
    """Give the salon SLUG another key and print it, once; the one before is dead at once."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        act = Act(acting_on(session, runtime, token, Role.ADMIN), reason)
        key = change_key(session, runtime.settings.keys, slug, act)
    show({"salon": slug, "key": key}, as_json=as_json)


@commands.command("close")
@click.argument("slug")
@_reason_option
@token_option
@json_option
@click.pass_context
def close_one(
    ctx: click.Context, /, slug: str, *, reason: str, token: str | None, as_json: bool
) -> None:
    """Close the salon SLUG for good: its key opens nothing any more."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        act = Act(acting_on(session, runtime, token, Role.ADMIN), reason)
        closed = close(session, slug, act, SystemClock().now())
    show({"salon": slug, "closed_at": closed.closed_at}, as_json=as_json)
