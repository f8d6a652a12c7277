"""`tracker settlement show | status | differences | export`: what is to be known of a list."""

from pathlib import Path
from typing import Any, TextIO

import click

from tracker.kit.cli import json_option, print_json, runtime_of, show, show_rows
from tracker.kit.database import snapshot, unit_of_work
from tracker.kit.money import format_rubles
from tracker.settlement.lists.changes import Picture, picture
from tracker.settlement.lists.sealed import differences, lines_kept
from tracker.settlement.printing import period_option, show_run, show_standing
from tracker.settlement.queries import run_of
from tracker.settlement.schemas import (
    BridgeLineSchema,
    DifferencesSchema,
    PictureSchema,
    RunSchema,
    SumChangeSchema,
)
from tracker.settlement.standing import standing


@click.command("show")
@period_option
@json_option
@click.pass_context
def show_list(ctx: click.Context, period: str, as_json: bool) -> None:
    """The sealed list's total and SHA-256, how it came from last month's, the largest changes."""
    with snapshot(runtime_of(ctx).engine) as session:
        run, seen = run_of(session, period), picture(session, period)
    if as_json:
        print_json({**RunSchema().dump(run), **PictureSchema().dump(seen)})
        return
    show_run(run, as_json=False)
    _show_picture(seen)


@click.command("status")
@period_option
@json_option
@click.pass_context
def status(ctx: click.Context, period: str, as_json: bool) -> None:
    """How the payouts of a period stand, and when they may all be sent."""
    with unit_of_work(runtime_of(ctx).engine) as session:
        show_standing(standing(session, period), as_json=as_json)


@click.command("differences")
@period_option
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
@json_option
@click.pass_context
def show_differences(ctx: click.Context, period: str, limit: int, as_json: bool) -> None:
    """Lines that are not as they were sealed; exit code 1 when there are any."""
    with snapshot(runtime_of(ctx).engine) as session:
        run_of(session, period)
        found = differences(session, period, limit)
    told = dict(DifferencesSchema().dump(found))
    if as_json:
        print_json(told)
    else:
        show_rows(told["first"], as_json=False, empty="The list is as it was sealed.")
    if found.count:
        raise click.ClickException(f"{found.count} lines of {period} are not as they were sealed")


@click.command("export")
@period_option
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="The file to be written.",
)
@click.option("--as-sealed", is_flag=True, help="The very text whose SHA-256 is the seal.")
@json_option
@click.pass_context
def export(ctx: click.Context, period: str, out: Path, as_sealed: bool, as_json: bool) -> None:
    """Write the sealed list to a file: members, numbers by their ids, sums. No phone numbers."""
    with snapshot(runtime_of(ctx).engine) as session, _opened(out) as file:
        run = run_of(session, period)
        file.write(f"settlement {period}\n" if as_sealed else "member_id,number_id,amount\n")
        for line in lines_kept(session, period):
            if as_sealed:
                file.write(f"{line.member_id} {line.number_id} {line.amount}\n")
            else:
                file.write(f"{line.member_id},{line.number_id},{format_rubles(line.amount)}\n")
    show({"file": str(out), "lines": run.payouts, "seal": run.sha256}, as_json=as_json)


def _opened(out: Path) -> TextIO:
    """A file to write to. Raises click's error when it cannot be."""
    try:
        return out.open("w", encoding="utf-8")
    except OSError as error:
        raise click.FileError(str(out), error.strerror) from error


def _show_picture(seen: Picture) -> None:
    click.echo(f"\nFrom {seen.bridge.previous or 'the beginning'} to this list:")
    rows: list[dict[str, Any]] = [dict(BridgeLineSchema().dump(one)) for one in seen.bridge.lines]
    show_rows(rows, as_json=False, empty="Nothing is known of the way here.")
    for way, largest in seen.changes.largest.items():
        tally = getattr(seen.changes, way)
        click.echo(f"\n{way}: {tally.count} members, {format_rubles(tally.amount)} RUB")
        if largest:
            show_rows(
                [dict(SumChangeSchema().dump(one)) for one in largest], as_json=False, empty=""
            )


COMMANDS: tuple[click.Command, ...] = (show_list, status, show_differences, export)
