"""`tracker shops secret`."""

import re
from datetime import timedelta
from typing import Any

import click

from partners.credentials.service import issue, rotate
from partners.shops.service import all_ids, change_the_door, find
from tracker.kit.cli import json_option, runtime_of, show, show_rows
from tracker.kit.clock import SystemClock
from tracker.kit.database import unit_of_work


class Span(click.ParamType[timedelta]):
    """A length of time such as 90s, 30m, 24h or 7d."""

    name = "SPAN"
    _units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}  # noqa: RUF012

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        if isinstance(value, timedelta):
            return value
        match = re.fullmatch(r"(\d{1,6})([smhd])", str(value), re.ASCII)
        if match is None:
            self.fail(f"{value!r} is not a span such as 30m, 24h or 7d", param, ctx)
        return timedelta(**{self._units[match[2]]: int(match[1])})


@click.command("secret")
@click.argument("slugs", metavar="[SLUG]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="For all shops, instead of naming them.")
@click.option("--rotate", "rotating", is_flag=True, help="Let the present secrets end.")
@click.option(
    "--overlap", type=Span(), default="24h", show_default=True, help="How long they still hold."
)
@json_option
@click.pass_context
def secret(
    ctx: click.Context,
    slugs: tuple[str, ...],
    *,
    every: bool,
    rotating: bool,
    overlap: timedelta,
    as_json: bool,
) -> None:
    """Give the shop SLUG a new webhook secret and print it, once; or several shops, or all.

    Without --rotate its present secrets stay good beside the new one.
    """
    if bool(slugs) == every:
        raise click.UsageError("name shops by their slugs, or take --all")
    runtime = runtime_of(ctx)
    key = runtime.settings.secret_key
    made = []
    with unit_of_work(runtime.engine) as session:
        shops = all_ids(session) if every else {one: find(session, one).id for one in slugs}
        for slug, shop_id in sorted(shops.items()):
            if rotating:
                given = rotate(session, key, shop_id, SystemClock().now(), overlap)
            else:
                given = issue(session, key, shop_id)
            change_the_door(session, shop_id)
            made.append({"shop": slug, **given.shown})
    if len(slugs) == 1:
        show(made[0], as_json=as_json)
    else:
        show_rows(made, as_json=as_json, empty="there are no shops")
