"""`tracker statements format | try | list | show | findings`: looking, and how statements are
written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from partners.reconciliation.desk import SHOWN, saved, to_try, tried
from partners.reconciliation.models import ShopStatement
from partners.reconciliation.queries import findings, statements
from partners.reconciliation.rules import FindingState, Kind, State
from partners.reconciliation.schemas import (
    PartnerFindingSchema,
    ShopStatementSchema,
    StatementLineSchema,
)
from partners.reconciliation.service import format_of, statement_of
from partners.shops.service import find
from tracker.kit.cli import json_option, print_json, runtime_of, show, show_rows, word_of
from tracker.kit.csvfiles import FileInvalid
from tracker.kit.database import unit_of_work
from tracker.kit.money import format_rubles
from tracker.kit.runtime import Runtime
from tracker.kit.strict_json import decode
from tracker.staff.cli import acting_on, token_option
from tracker.staff.rules import Role

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_LISTED = ("id", "name", "from", "to", "state", "lines", "refused_lines", "total", "why")
_FOUND = (
    "id",
    "kind",
    "order_id",
    "our_order_id",
    "our_amount",
    "their_amount",
    "our_word",
    "their_word",
    "commission_effect",
    "cashback_effect",
    "state",
    "decision",
    "outcome",
)


@click.command("format")
@click.argument("slug")
@click.argument("file", type=FILE, required=False)
@click.option("--check", is_flag=True, help="Only check; save nothing.")
@token_option
@click.pass_context
def format_of_shop(
    ctx: click.Context, slug: str, file: Path | None, *, check: bool, token: str | None
) -> None:
    """How the shop SLUG writes its statements; with a FILE of JSON, from now on."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        if file is None:
            found = format_of(session, find(session, slug).id)
        else:
            who = acting_on(session, runtime, token, Role.ADMIN)
            found = saved(session, slug, decode(file.read_bytes()), who, only_check=check)
    print_json(found.told)


@click.command("try")
@click.argument("slug")
@click.argument("file", type=FILE)
@click.option("--format", "format_file", type=FILE, help="Another format than the one that holds.")
@json_option
@click.pass_context
def try_sample(
    ctx: click.Context, slug: str, file: Path, format_file: Path | None, as_json: bool
) -> None:
    """Read a FILE as a statement of the shop SLUG, and keep nothing of it."""
    told = decode(format_file.read_bytes()) if format_file else None
    with unit_of_work(runtime_of(ctx).engine) as session:
        form = to_try(session, slug, told)
    with file.open("rb") as sample:
        found = tried(form, sample)
    rows = [dict(StatementLineSchema().dump(one)) for one in found.lines]
    figures = {"read": found.read, "refused": found.refused, "ignored": found.ignored}
    if as_json:
        print_json({**figures, "lines": rows, "faults": dict(found.faults)})
    else:
        show(figures, as_json=False)
        show_rows(rows, as_json=False, empty=f"none of the first {SHOWN} lines can be read")
        for where, why in found.faults.items():
            click.echo(f"  {where}: {why}")
    if found.faults:
        ctx.exit(1)


@click.command("list")
@click.argument("slug")
@click.option("--state", type=word_of(State), help="Only those in this state.")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Only beyond this one.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@json_option
@click.pass_context
def list_statements(
    ctx: click.Context, slug: str, *, state: str | None, after: int, limit: int, as_json: bool
) -> None:
    """The statements of the shop SLUG."""
    with unit_of_work(runtime_of(ctx).engine) as session:
        shop = find(session, slug)
        found = statements(session, shop.id, state=state, after=after, limit=limit)
        rows = [_picked(ShopStatementSchema().dump(one), _LISTED) for one in found]
    show_rows(rows, as_json=as_json, empty="there is no such statement")


@click.command("show")
@click.argument("slug")
@click.argument("statement_id", type=int)
@json_option
@click.pass_context
def show_statement(ctx: click.Context, slug: str, statement_id: int, as_json: bool) -> None:
    """How far a statement of the shop SLUG is, and what it came to."""
    show_one(runtime_of(ctx), slug, statement_id, as_json=as_json)


@click.command("findings")
@click.argument("slug")
@click.argument("statement_id", type=int)
@click.option("--kind", type=word_of(Kind), help="Only those of this kind.")
@click.option("--state", type=word_of(FindingState), help="Only those in this state.")
@click.option("--order", "order_id", help="Only those of this order.")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Only findings beyond this.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@json_option
@click.pass_context
def list_findings(
    ctx: click.Context, /, slug: str, statement_id: int, *, as_json: bool, **wanted: Any
) -> None:
    """In what a statement of the shop SLUG differs from our books."""
    with unit_of_work(runtime_of(ctx).engine) as session:
        statement = statement_of(session, find(session, slug).id, statement_id)
        found = findings(session, statement.id, **wanted)
        rows = [_picked(PartnerFindingSchema().dump(one), _FOUND) for one in found]
    elsewhere = "no finding stands here: each stands with the last statement that shows it"
    show_rows(rows, as_json=as_json, empty=elsewhere)


def show_one(runtime: Runtime, slug: str, statement_id: int, *, as_json: bool) -> None:
    """Print a statement; one that was refused is a task that failed. Raises FileInvalid."""
    with unit_of_work(runtime.engine) as session:
        found: ShopStatement = statement_of(session, find(session, slug).id, statement_id)
        shown = dict(ShopStatementSchema().dump(found))
    if as_json:
        print_json(shown)
    else:
        _tell(shown, shown.pop("figures"), shown.pop("faults"))
    if found.state == State.REFUSED:
        raise FileInvalid(found.why or "", fields=found.faults)


def _tell(shown: Mapping[str, Any], figures: Mapping[str, Any], faults: Mapping[str, str]) -> None:
    """A statement, what came of its last matching, and what was wrong with lines left out."""
    show(shown, as_json=False)
    if figures:
        rows = [
            {"orders": whose, "count": figures[whose]["orders"], "sum": _rubles(figures[whose])}
            for whose in ("ours", "theirs")
        ]
        rows += [{"orders": way, "count": n, "sum": ""} for way, n in figures["matched"].items()]
        show_rows(rows, as_json=False, empty="")
        effects = ("commission_effect", "cashback_effect")
        found = [
            {"kind": kind, "count": one["count"], "open": one["open"]}
            | {effect: format_rubles(one[effect]) for effect in effects}
            for kind, one in sorted(figures["findings"].items())
        ]
        show_rows(found, as_json=False, empty="nothing differs")
    if shown["state"] != State.REFUSED:
        for where, why in faults.items():
            click.echo(f"  {where}: {why}")


def _rubles(one: Mapping[str, int]) -> str:
    return format_rubles(one["amount"])


def _picked(shown: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: shown[name] for name in names}
