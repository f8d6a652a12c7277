"""`tracker shops secret` and `tracker shops secrets`."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import click
from sqlalchemy.orm import Session

from partners.credentials.queries import secret_cards
from partners.credentials.rules import Secret, SecretKind, read_given
from partners.credentials.service import end_present, issue, revoke, revoke_all, take_over
from partners.dialects.service import current
from partners.shops.service import all_ids, change_the_door, find
from tracker.audit.service import record
from tracker.kit.cli import Span, json_option, runtime_of, show, show_rows
from tracker.kit.clock import SystemClock
from tracker.kit.crypto import Keyring
from tracker.kit.database import unit_of_work
from tracker.staff.cli import acting_on, token_option
from tracker.staff.rules import Role
from webhooks.dialects import forms_of, named


@dataclass(frozen=True, slots=True)
class _Hand:
    """Who changes a shop's secrets, by which master key, and when."""

    session: Session
    who: str
    keys: Keyring
    now: datetime


_Act = Callable[[_Hand, int], dict[str, Any]]
"""A change of one shop's secrets, and what is told of it."""


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
        hand = _Hand(session, who, runtime.settings.keys, SystemClock().now())
        shops = all_ids(session) if every else {one: find(session, one).id for one in slugs}
        told = [_change(hand, slug, shop_id, act) for slug, shop_id in sorted(shops.items())]
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
                "valid_until": _text(one.valid_until),
                "revoked_at": _text(one.revoked_at),
                "last_used_at": _text(one.last_used_at),
            }
            for one in secret_cards(session, find(session, slug).id)
            if every or one.kind != SecretKind.TRIAL or one.holds(now)
        ]
    show_rows(rows, as_json=as_json, empty=f"{slug} has no secret: its door is closed")


def _change(hand: _Hand, slug: str, shop_id: int, act: _Act) -> dict[str, Any]:
    """Every change of a secret goes this way: it is audited, and the door notices at once.

    Where another person has to agree, it is here that they have to be asked.
    """
    before = _held(hand, shop_id)
    told = act(hand, shop_id)
    change_the_door(hand.session, shop_id)
    after = _held(hand, shop_id)
    record(
        hand.session,
        hand.who,
        "shop.secret",
        f"shop:{slug}",
        before={"secrets": before},
        after={"secrets": after},
    )
    return {"shop": slug, **told}


def _held(hand: _Hand, shop_id: int) -> dict[str, str | None]:
    """The secrets that hold, by their ids, with the ends that are set."""
    return {
        str(one.id): _text(one.valid_until)
        for one in secret_cards(hand.session, shop_id)
        if one.holds(hand.now)
    }


def _act(
    *,
    rotate: bool,
    overlap: timedelta,
    given: bool,
    revoked_id: int | None,
    revoking_all: bool,
    is_one: bool,
) -> _Act:
    """What the options ask for. Raises SecretInvalid for a key that cannot be taken."""
    if sum((rotate or given, revoked_id is not None, revoking_all)) > 1:
        raise click.UsageError("--revoke and --revoke-all stand alone")
    if (given or revoked_id is not None) and not is_one:
        raise click.UsageError("--given and --revoke are for one shop")
    if revoked_id is not None:
        return _revoking(revoked_id)
    if revoking_all:
        return _revoking(None)
    return _giving(read_given(_typed()) if given else None, overlap if rotate else None)


def _revoking(secret_id: int | None) -> _Act:
    def act(hand: _Hand, shop_id: int) -> dict[str, Any]:
        if secret_id is None:
            return {"revoked": revoke_all(hand.session, shop_id, hand.now)}
        revoke(hand.session, shop_id, secret_id, hand.now)
        return {"revoked": [secret_id]}

    return act


def _giving(own_key: bytes | None, overlap: timedelta | None) -> _Act:
    def act(hand: _Hand, shop_id: int) -> dict[str, Any]:
        if overlap is not None:
            end_present(hand.session, shop_id, hand.now, overlap)
        if own_key is None:
            return _shown(hand, shop_id, issue(hand.session, hand.keys, shop_id))
        taken = take_over(hand.session, hand.keys, shop_id, own_key)
        return {"id": taken.id, "opens": _opened_by_given(hand, shop_id)}

    return act


def _shown(hand: _Hand, shop_id: int, made: Secret) -> dict[str, Any]:
    """A secret as the shop writes it, in those forms that are good for something in its dialect.

    Control totals are signed in every dialect.
    """
    used = {"secret", *_forms(hand, shop_id).values()}
    return {"id": made.id, **{form: value for form, value in made.shown.items() if form in used}}


def _opened_by_given(hand: _Hand, shop_id: int) -> list[str]:
    return [name for name, form in _forms(hand, shop_id).items() if form == "url_key"]


def _forms(hand: _Hand, shop_id: int) -> dict[str, str]:
    """The schemes of a shop's dialect, and by which form of a secret each goes."""
    setting = current(hand.session, shop_id)
    return forms_of(named(setting.dialect, setting.mapping))


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


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
