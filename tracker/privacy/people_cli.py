"""`tracker privacy …`: what a member asked for by letter, who cannot sign in."""

import json
from datetime import datetime

import click

from tracker.audit.service import record
from tracker.kit.cli import as_of_option, moment_of, runtime_of
from tracker.kit.database import snapshot, unit_of_work
from tracker.kit.money import format_rubles, parse_rubles
from tracker.privacy.erasure import erase, what_is_lost
from tracker.privacy.export import ShopNames, export
from tracker.staff.cli import acting_on, token_option
from tracker.staff.rules import Role

_REASON = click.option("--reason", required=True, help="Why: it is kept with the act.")


def build(shops: ShopNames) -> click.Group:
    """The commands, over the shops' names."""

    @click.group("privacy")
    def commands() -> None:
        """A member's personal data, when the member cannot sign in."""

    @commands.command("export")
    @click.argument("member_id", type=int)
    @_REASON
    @token_option
    @click.pass_context
    def export_one(ctx: click.Context, member_id: int, reason: str, token: str | None) -> None:
        """Print all that is kept of a member, as JSON."""
        runtime = runtime_of(ctx)
        with snapshot(runtime.engine) as session:
            found = export(session, runtime.settings.keys, member_id, shops)
        with unit_of_work(runtime.engine) as session:
            who = acting_on(session, runtime, token, Role.ADMIN)
            record(session, who, "member.export", f"member {member_id}", reason=reason)
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))

    @commands.command("erase")
    @click.argument("member_id", type=int)
    @click.option("--gives-up", help="Roubles that the member knows to be lost [default: asks].")
    @_REASON
    @as_of_option
    @token_option
    @click.pass_context
    def erase_one(
        ctx: click.Context,
        /,
        member_id: int,
        *,
        gives_up: str | None,
        reason: str,
        as_of: datetime | None,
        token: str | None,
    ) -> None:
        """Erase all that names a member. It cannot be taken back."""
        runtime = runtime_of(ctx)
        with unit_of_work(runtime.engine) as session:
            who = acting_on(session, runtime, token, Role.ADMIN)
            lost = what_is_lost(session, member_id)
        if gives_up is None:
            click.confirm(f"The member loses {format_rubles(lost)} RUB. Erase?", abort=True)
        known = lost if gives_up is None else _rubles(gives_up)
        with unit_of_work(runtime.engine) as session:
            erase(session, member_id, known, moment_of(as_of, runtime.clock))
            after = {"gave_up": known}
            record(session, who, "member.erase", f"member {member_id}", reason=reason, after=after)

    return commands


def _rubles(text: str) -> int:
    try:
        return parse_rubles(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--gives-up") from error
