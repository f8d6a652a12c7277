"""`tracker shops dialect` and `tracker shops try`."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from partners.shops.service import find
from tracker.kit.cli import (
    Moment,
    Span,
    json_option,
    moment_of,
    print_json,
    runtime_of,
    show,
    show_rows,
)
from tracker.kit.clock import SystemClock
from tracker.kit.database import snapshot, unit_of_work
from tracker.kit.errors import TooLarge
from tracker.kit.strict_json import decode
from tracker.staff.cli import acting_on, token_option
from tracker.staff.rules import Role
from webhooks.dialects import NAMES, asks_for_mapping
from webhooks.mapping.schema import MAX_MAPPING, MappingInvalid
from webhooks.onboarding.service import checked, choose, present
from webhooks.onboarding.trying import Findings, Reading, compare, read_in, refusal_of
from webhooks.wire.dialect import Dialect
from webhooks.wire.letters import Content, Shape

_ROWS = 50
"""Differences that are shown to a person; all that are kept are in the JSON."""


_DIALECT = click.Choice(NAMES)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
mapping_option = click.option(
    "--mapping", "mapping_file", type=_FILE, help="How the shop's own words are read, as JSON."
)


@click.command("dialect")
@click.argument("slug")
@click.argument("name", metavar=f"[{'|'.join(NAMES)}]", type=_DIALECT, required=False)
@mapping_option
@click.option("--check", is_flag=True, help="Only check; save nothing.")
@token_option
@json_option
@click.pass_context
def dialect_of(
    ctx: click.Context,
    slug: str,
    name: str | None,
    *,
    mapping_file: Path | None,
    check: bool,
    token: str | None,
    as_json: bool,
) -> None:
    """Show the dialect that the shop SLUG reports in; or let it report in DIALECT from now on.

    What was sent before is still read as it was then. Shows how each scheme proves where an event
    comes from, and whether it is trusted: what is not confirms nothing.
    """
    if name is None and (mapping_file or check):
        raise click.UsageError("name the DIALECT as well")
    mapping = _mapping(name, mapping_file) if name else None
    if name:
        checked(name, mapping)  # Its faults are told even where no service runs.
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        if name is None:
            figures = present(session, slug)
        else:
            who = acting_on(session, runtime, token, Role.ADMIN)
            figures = choose(session, who, slug, name, mapping, only_check=check)
    _show_dialect(figures, as_json=as_json)


@click.command("try")
@click.argument("slug", required=False)
@click.option("--dialect", "name", type=_DIALECT, required=True, help="Read in this dialect.")
@mapping_option
@click.option("--since", type=Span(), default="24h", show_default=True, help="How far to go back.")
@click.option("--until", "--as-of", "until", type=Moment(), help="From when [default: now].")
@click.option(
    "--limit", type=click.IntRange(min=1), default=100_000, show_default=True, help="Events read."
)
@click.option(
    "--from-file",
    "body",
    type=_FILE,
    help="Read this body instead of what the shop has sent; exit 1 when it is refused.",
)
@click.option("--strict", is_flag=True, help="Exit 1 when something would differ.")
@json_option
@click.pass_context
def try_dialect(
    ctx: click.Context,
    /,
    *,
    slug: str | None,
    name: str,
    mapping_file: Path | None,
    since: timedelta,
    until: datetime | None,
    limit: int,
    body: Path | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Read what the shop SLUG sent in another dialect, and tell what would differ. Books nothing.

    Events are read as they were let in, and anew. A body --from-file needs no service and no shop.
    """
    new = checked(name, _mapping(name, mapping_file))
    end = moment_of(until, SystemClock())
    if body is not None:
        found = read_in(new, _content(body, new), end)
        _show_reading(found, as_json=as_json)
        if found.refused is not None:
            ctx.exit(1)
        return
    if slug is None:
        raise click.UsageError("name the shop by its SLUG, or give a body --from-file")
    with snapshot(runtime_of(ctx).engine) as session:
        shop_id = find(session, slug).id
        findings = compare(session, shop_id, new, since=end - since, until=end, limit=limit)
    _show_findings(findings, as_json=as_json)
    if strict and findings.would_differ:
        ctx.exit(1)


def _mapping(dialect: str, path: Path | None) -> dict[str, Any] | None:
    """The mapping in a file, for the dialects that go by one."""
    if asks_for_mapping(dialect) != (path is not None):
        takes = "goes by a --mapping" if path is None else "takes no --mapping"
        raise click.UsageError(f"the dialect {dialect} {takes}")
    if path is None:
        return None
    found = decode(_bytes_of(path, MAX_MAPPING))
    if not isinstance(found, dict):
        raise MappingInvalid(f"{path} holds no JSON object")
    return found


def _content(path: Path, new: Dialect) -> Content:
    """A body on disk; of which shape it is the dialect says, else how it begins."""
    raw = _bytes_of(path, new.max_body)
    if len(new.shapes) == 1:
        return Content(next(iter(new.shapes)), raw)
    begins = {b"{": Shape.JSON, b"[": Shape.JSON, b"<": Shape.XML}
    return Content(begins.get(raw.lstrip()[:1], Shape.FORM), raw)


def _bytes_of(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        raw = file.read(most + 1)
    if len(raw) > most:
        raise TooLarge(f"{path} has more than {most // 1024} KiB")
    return raw


def _show_dialect(figures: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(figures)
        return
    lists = ("schemes", "mapping", "changes")
    plain = {name: value for name, value in figures.items() if name not in lists}
    listed = {name: ", ".join(plain[name]) for name in ("methods", "shapes")}
    show(plain | listed, as_json=False)
    show_rows(figures["schemes"], as_json=False, empty="no scheme opens the door")
    if "changes" not in figures:
        if figures["mapping"]:
            click.echo(_legible(json.dumps(figures["mapping"], ensure_ascii=False, indent=2)))
    elif figures["was"] == figures["dialect"]:
        rows = [{"key": key, **change} for key, change in figures["changes"].items()]
        show_rows(rows, as_json=False, empty="nothing changes in the mapping")


def _legible(text: str) -> str:
    """JSON whose no-break spaces can be told from blanks."""
    return text.replace("\u00a0", "\\u00a0").replace("\u202f", "\\u202f")


def _show_reading(found: Reading, *, as_json: bool) -> None:
    if as_json:
        print_json({"said": found.said, "refused": refusal_of(found.refused)})
    elif found.refused:
        error = found.refused
        show(error.fields or {"body": error.detail}, as_json=False, title=f"Refused: {error.code}")
    else:
        show(found.said, as_json=False, title="It says")


def _show_findings(findings: Findings, *, as_json: bool) -> None:
    figures = findings.as_json()
    if as_json:
        print_json(figures)
        return
    fields = ", ".join(f"{name} in {count}" for name, count in figures.pop("fields").items())
    lists = ("differing", "faults")
    counts = {name: value for name, value in figures.items() if name not in lists}
    show(counts | ({"fields": fields} if fields else {}), as_json=False)
    rows = [
        {"event": one["event"], "field": name, "old": change["old"], "new": change["new"]}
        for one in figures["differing"]
        for name, change in one["fields"].items()
    ]
    if rows:
        show_rows(rows[:_ROWS], as_json=False, empty="")
    if figures["faults"]:
        show_rows(figures["faults"][:_ROWS], as_json=False, empty="")
