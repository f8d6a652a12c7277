"""`tracker staff …`. What is done here needs no token: whoever has the settings may do anything."""

import click

from tracker.kit.cli import json_option, runtime_of, show, show_rows, word_of
from tracker.kit.clock import SystemClock
from tracker.kit.database import unit_of_work
from tracker.staff.cli import acting_on
from tracker.staff.rules import ALL_SCOPES, Role
from tracker.staff.service import hire
from tracker.team import enrolling, queries, service, tokens
from tracker.team.rules import MAX_DAYS

_days_option = click.option(
    "--days", type=click.IntRange(1, MAX_DAYS), help="How long the token lasts [STAFF_TOKEN_DAYS]."
)
_reason_option = click.option("--reason", help="Why: it stands in the audit.")


@click.group("staff")
def commands() -> None:
    """The finance team."""


@commands.command("add")
@click.argument("login")
@click.option("--role", type=word_of(Role), required=True)
@_days_option
@json_option
@click.pass_context
def add(ctx: click.Context, login: str, *, role: str, days: int | None, as_json: bool) -> None:
    """Add a staff member and print an API token, once."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        who = acting_on(session, runtime, None, Role.ADMIN)
        made = hire(
            session,
            runtime.settings.keys,
            login,
            Role(role),
            days=days or runtime.settings.staff_token_days,
            by=who,
        )
        service.note_added(session, who, login, Role(role))
    show({"login": login, "role": role, "token": made}, as_json=as_json)


@commands.command("list")
@json_option
@click.pass_context
def list_people(ctx: click.Context, *, as_json: bool) -> None:
    """Who is in the team, what they may do, and when each was last here."""
    with unit_of_work(runtime_of(ctx).engine) as session:
        found = [dict(one._mapping) for one in queries.people(session, limit=10_000)]
    show_rows(found, as_json=as_json, empty="nobody yet: tracker staff add LOGIN --role admin")


@commands.command("token")
@click.argument("login")
@click.option("--name", default="console", show_default=True, help="What it is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    default=ALL_SCOPES,
    show_default=True,
    help="What it may do: read, write, or of an area, such as reports:read.",
)
@_days_option
@json_option
@click.pass_context
def token_for(
    ctx: click.Context,
    login: str,
    *,
    name: str,
    scopes: tuple[str, ...],
    days: int | None,
    as_json: bool,
) -> None:
    """Print another API token of somebody, once."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        made, shown = tokens.make_token(
            session,
            runtime.settings.keys,
            acting_on(session, runtime, None, Role.ADMIN),
            login,
            name=name,
            scopes=scopes,
            days=days or runtime.settings.staff_token_days,
        )
    show({"id": made, "login": login, "scopes": list(scopes), "token": shown}, as_json=as_json)


@commands.command("tokens")
@click.argument("login")
@json_option
@click.pass_context
def list_tokens(ctx: click.Context, login: str, *, as_json: bool) -> None:
    """Somebody's tokens: what each is for, until when, and when it was last used."""
    with unit_of_work(runtime_of(ctx).engine) as session:
        found = [dict(one._mapping) for one in tokens.tokens_of(session, login, limit=10_000)]
    show_rows(found, as_json=as_json, empty="none")


@commands.command("revoke")
@click.argument("login")
@click.option("--token", "token_id", type=click.IntRange(1), help="Only this one, by its id.")
@_reason_option
@json_option
@click.pass_context
def revoke(
    ctx: click.Context, login: str, *, token_id: int | None, reason: str | None, as_json: bool
) -> None:
    """Let somebody in no more, by whatever they have; or take one token back."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        who = acting_on(session, runtime, None, Role.ADMIN)
        if token_id is None:
            service.leave(session, who, login, reason)
        else:
            tokens.revoke_token(session, who, token_id, of=login, reason=reason)
    show({"login": login, "revoked": token_id or "all"}, as_json=as_json)


@commands.command("return")
@click.argument("login")
@_reason_option
@json_option
@click.pass_context
def come_back(ctx: click.Context, login: str, *, reason: str | None, as_json: bool) -> None:
    """Take somebody back who had left; `token` or `enrol` then lets them in."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        who = acting_on(session, runtime, None, Role.ADMIN)
        service.come_back(session, who, login, reason)
    show({"login": login, "active": True}, as_json=as_json)


@commands.command("role")
@click.argument("login")
@click.argument("role", type=word_of(Role))
@_reason_option
@json_option
@click.pass_context
def change_role(
    ctx: click.Context, login: str, role: str, *, reason: str | None, as_json: bool
) -> None:
    """Let somebody do more, or less."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        who = acting_on(session, runtime, None, Role.ADMIN)
        service.change_role(session, who, login, Role(role), reason)
    show({"login": login, "role": role}, as_json=as_json)


@commands.command("enrol")
@click.argument("login")
@json_option
@click.pass_context
def enrol(ctx: click.Context, login: str, *, as_json: bool) -> None:
    """Print a secret, once, by which somebody sets a password and a telephone to sign in with."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        who = acting_on(session, runtime, None, Role.ADMIN)
        secret, until = enrolling.enrol(
            session, runtime.settings.keys, who, login, SystemClock().now()
        )
    show({"login": login, "enrolment": secret, "until": until.isoformat()}, as_json=as_json)


@commands.command("reset")
@click.argument("login")
@_reason_option
@json_option
@click.pass_context
def reset(ctx: click.Context, login: str, *, reason: str | None, as_json: bool) -> None:
    """End somebody's password, codes, tokens and sessions, and print a new enrolment secret."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        who = acting_on(session, runtime, None, Role.ADMIN)
        service.reset(session, who, login, reason)
        secret, until = enrolling.enrol(
            session, runtime.settings.keys, who, login, SystemClock().now()
        )
    show({"login": login, "enrolment": secret, "until": until.isoformat()}, as_json=as_json)
