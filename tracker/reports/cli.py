"""`tracker reports …`"""

import sys
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

import click

from tracker.kit.cli import Moment, as_of_option, json_option, moment_of, runtime_of, show_rows
from tracker.kit.database import snapshot
from tracker.reports.contracts import Reports
from tracker.reports.exporting import WRITERS
from tracker.reports.questions import as_text, report_named, shown
from tracker.reports.reading import Reading, Shops, asked_of
from tracker.reports.rules import Format


class _Stream:
    """A sink that writes on to a file that is open."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def take(self, data: bytes, lines: int = 0) -> None:  # noqa: ARG002 - nobody asks how far
        self._file.write(data)


def build(reports: Reports, shops: Shops) -> click.Group:
    """The commands, over the reports of all rooms."""

    @click.group("reports")
    def commands() -> None:
        """What finance reads, as of any moment."""

    @commands.command("list")
    @json_option
    def list_reports(as_json: bool) -> None:
        """What can be asked for."""
        rows = [
            {"name": one.name, "takes": ", ".join(sorted(one.takes)), "about": one.about}
            for one in reports.values()
        ]
        show_rows(rows, as_json=as_json, empty="none")

    @commands.command("run")
    @click.argument("name")
    @as_of_option
    @click.option("--known-at", type=Moment(), help="What was known by then [default: all].")
    @click.option(
        "--since", type=click.DateTime(["%Y-%m-%d"]), help="The business day it begins with."
    )
    @click.option("--period", metavar="YYYY-MM", help="The books of a month, not moments.")
    @click.option("--shop", metavar="SLUG", help="One shop's part.")
    @click.option(
        "--format", "form", type=click.Choice([str(one) for one in Format]), help="As a file."
    )
    @click.option(
        "--output",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Where the file goes [default: standard output].",
    )
    @json_option
    @click.pass_context
    def run(
        ctx: click.Context,
        /,
        *,
        name: str,
        form: str | None,
        output: Path | None,
        as_json: bool,
        **told: Any,
    ) -> None:
        """Show a report, or write it as a file by --format."""
        house, report = runtime_of(ctx), report_named(reports, name)
        now = moment_of(told["as_of"], house.clock)
        with snapshot(house.engine) as session:
            asked = asked_of(session, report, _plain(told), shops, now)
            reading = Reading.begin(session, report, asked, shops.slugs(session))
            if form is None and output is None and not as_json:
                _show(reading)
                return
            chosen = Format(form or (Format.JSON if as_json else Format.CSV))
            if output is None:
                _see_that_it_can_be_shown(chosen)
                WRITERS[chosen](reading, _Stream(sys.stdout.buffer))
                return
            with output.open("wb") as file:
                WRITERS[chosen](reading, _Stream(file))

    return commands


def _see_that_it_can_be_shown(form: Format) -> None:
    """A workbook is bytes that no terminal shows, and some of them it would obey."""
    if form is Format.XLSX and _is_a_terminal():
        raise click.UsageError("a workbook goes into a file: add --output FILE")


def _is_a_terminal() -> bool:
    return sys.stdout.isatty()


def _plain(told: Mapping[str, Any]) -> dict[str, Any]:
    since: datetime | date | None = told["since"]
    return {**told, "since": since.date() if isinstance(since, datetime) else since}


def _show(reading: Reading) -> None:
    report = reading.report
    figures = reading.figures()
    for one in report.figures:
        click.echo(f"{one.name.replace('_', ' ')}: {as_text(one.of, figures[one.name])}")
    columns = [(one.name, one.of) for one in report.columns]
    rows: list[dict[str, Any]] = [
        {name: shown(of, value) for (name, of), value in zip(columns, row, strict=True)}
        for row in reading.rows()
    ]
    totals = reading.totals
    if totals and rows:
        rows.append(
            {name: shown(of, totals[name]) if name in totals else None for name, of in columns}
        )
    show_rows(rows, as_json=False, empty="nothing")
