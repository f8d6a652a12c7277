"""`tracker members …`"""

from pathlib import Path

import click

from tracker.kit.cli import json_option, runtime_of, show
from tracker.kit.csvfiles import FileInvalid, Once, Row, instant, read_rows
from tracker.kit.database import unit_of_work
from tracker.members.queries import count
from tracker.members.rules import email_in, phone_in
from tracker.members.service import Newcomer, join_many

_BATCH = 5_000


@click.group("members")
def commands() -> None:
    """Members of the club."""


@commands.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def import_members(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Take in members from a CSV FILE: phone,joined_at[,email,referrer_phone].

    Numbers that are members already are left as they are. All of the file is taken, or none.
    """
    newcomers = _read(file)
    runtime = runtime_of(ctx)
    now = runtime.clock.now()
    with unit_of_work(runtime.engine) as session:
        batches = [
            join_many(session, runtime.settings.keys, newcomers[start : start + _BATCH], now)
            for start in range(0, len(newcomers), _BATCH)
        ]
    joined = sum(len(batch) for batch in batches)
    figures = {"rows": len(newcomers), "joined": joined}
    show(figures, as_json=as_json)


def _read(file: Path) -> list[Newcomer]:
    once = Once("phone")
    newcomers = []
    for row in read_rows(file, required=("phone", "joined_at")):
        newcomer = _newcomer(row)
        once.look(newcomer.phone, row.line)
        newcomers.append(newcomer)
    return newcomers


def _newcomer(row: Row) -> Newcomer:
    phone = phone_in(row, "phone")
    referrer = phone_in(row, "referrer_phone") if row.get("referrer_phone") else None
    if referrer == phone:
        raise FileInvalid(f"line {row.line}: nobody is their own referrer")
    return Newcomer(phone, instant(row, "joined_at"), email_in(row, "email"), referrer)


@commands.command("count")
@json_option
@click.pass_context
def count_members(ctx: click.Context, as_json: bool) -> None:
    """How many members there are."""
    with unit_of_work(runtime_of(ctx).engine) as session:
        show({"members": count(session)}, as_json=as_json)
