"""`tracker shops secret` and `tracker shops secrets`."""

import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import click

from partners.credentials.queries import secret_cards
from partners.credentials.rules import SecretKind, read_given
from partners.shops.service import all_ids, find
from tracker.kit.cli import Span, json_option, runtime_of, show, show_rows
from tracker.kit.clock import SystemClock
from tracker.kit.database import unit_of_work
from tracker.staff.cli import acting_on, token_option
from tracker.staff.rules import Role
from webhooks.onboarding.secrets import Act, Hand, change, giving, revoking, text_of


@click.command("secret")
@click.argument("slugs", metavar="[SLUG]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="For all shops, instead of naming them.")
@click.option("--rotate", is_flag=True, help="Let the present secrets end.")
@click.option(
    "--overlap", type=Span(), default="24h", show_default=True, help="How long they still hold."
)
@click.option("--given", is_flag=True, help="Take the shop's own key, from standard input.")
@click.option("--revoke", "revoked_id", type=int, metavar="ID", help="Take this secret back.")
@click.option("--revoke-all", "revoking_all", is_flag=True, help="Take all secrets back.")
@token_option
@json_option
@click.pass_context
def secret(
    ctx: click.Context, /, *, slugs: tuple[str, ...], every: bool, as_json: bool, **wanted: Any
) -> None:
    """Give the shop SLUG a new webhook secret and print it, once; or several shops, or all.

    Without --rotate its present secrets stay good beside the new one. --given takes a key that the
    shop's code has already, for keys in addresses and unproven signatures: it never signs our own
    webhooks. --revoke and --revoke-all give nothing new and hold at once, in all processes;
    `tracker shops secrets` shows the ids.
    """
    if bool(slugs) == every:
        raise click.UsageError("name shops by their slugs, or take --all")
    token = wanted.pop("token")
    act = _act(**wanted, is_one=len(slugs) == 1)
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        who = acting_on(session, runtime, token, Role.ADMIN)
        hand = Hand(session, who, runtime.settings.keys, SystemClock().now())
        shops = all_ids(session) if every else {one: find(session, one).id for one in slugs}
        told = [change(hand, slug, shop_id, act) for slug, shop_id in sorted(shops.items())]
    if len(slugs) == 1:
        show(told[0], as_json=as_json)
    else:
        show_rows(_aligned(told), as_json=as_json, empty="there are no shops")


@click.command("secrets")
@click.argument("slug")
@click.option("--all", "every", is_flag=True, help="Those of ended trials as well.")
@json_option
@click.pass_context
def secrets(ctx: click.Context, slug: str, *, every: bool, as_json: bool) -> None:
    """The secrets of the shop SLUG, never what they are: kinds, ends, and when they were used.

    Those of trials that are over are left out, unless --all is given.
    """
    now = SystemClock().now()
    with unit_of_work(runtime_of(ctx).engine) as session:
        rows = [
            {
                "id": one.id,
                "kind": str(one.kind),
                "holds": one.holds(now),
                "created_at": one.created_at.isoformat(),
                "valid_until": text_of(one.valid_until),
                "revoked_at": text_of(one.revoked_at),
                "last_used_at": text_of(one.last_used_at),
            }
            for one in secret_cards(session, find(session, slug).id)
            if every or one.kind != SecretKind.TRIAL or one.holds(now)
        ]
    show_rows(rows, as_json=as_json, empty=f"{slug} has no secret: its door is closed")


def _act(
    *,
    rotate: bool,
    overlap: timedelta,
    given: bool,
    revoked_id: int | None,
    revoking_all: bool,
    is_one: bool,
) -> Act:
    """What the options ask for. Raises SecretInvalid for a key that cannot be taken."""
    if sum((rotate or given, revoked_id is not None, revoking_all)) > 1:
        raise click.UsageError("--revoke and --revoke-all stand alone")
    if (given or revoked_id is not None) and not is_one:
        raise click.UsageError("--given and --revoke are for one shop")
    if revoked_id is not None:
        return revoking(revoked_id)
    if revoking_all:
        return revoking(None)
    return giving(read_given(_typed()) if given else None, overlap if rotate else None)


def _typed() -> str:
    """A key from standard input: asked for unseen at a terminal, else the one line of a pipe."""
    if sys.stdin.isatty():
        return str(click.prompt("The shop's own key", hide_input=True, err=True))
    piped = sys.stdin.buffer.read(1_000).decode("utf-8", "replace")
    return piped.removesuffix("\n").removesuffix("\r")


def _aligned(rows: list[dict[str, Any]]) -> list[Mapping[str, Any]]:
    """Rows that share their columns: shops of different dialects are shown different keys."""
    columns = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name) for name in columns} for row in rows]
