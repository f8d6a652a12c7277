"""`tracker shops conformance`."""

import itertools
import json
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from partners.dialects.service import current
from partners.shops.service import find
from tracker.kit.cli import Span, json_option, print_json, runtime_of, show_rows
from tracker.kit.database import unit_of_work
from tracker.staff.cli import acting_on, token_option
from tracker.staff.rules import Role
from webhooks.trials.cases import CASES
from webhooks.trials.reports import CaseReport, account_as_json, as_markdown
from webhooks.trials.rules import Record
from webhooks.trials.running import Wanted, run
from webhooks.trials.screen import ConsoleScreen

_FOLDER = click.Path(exists=True, file_okay=False, writable=True, path_type=Path)


@click.command("conformance")
@click.argument("slug", required=False)
@click.option(
    "--only",
    "names",
    type=click.Choice([one.name for one in CASES]),
    multiple=True,
    help="Ask for this case only; may be repeated.",
)
@click.option(
    "--list",
    "listing",
    is_flag=True,
    help="List the cases, in the words of the shop's dialect, and ask for nothing.",
)
@click.option(
    "--timeout", type=Span(), default="10m", show_default=True, help="How long to wait for a case."
)
@click.option(
    "--lasting", type=Span(), default="2h", show_default=True, help="When all of it ends at last."
)
@click.option("--out", type=_FOLDER, default=".", help="Where the report goes [default: here].")
@click.option("--anew", is_flag=True, help="End a trial of the shop that is still open.")
@click.option("--non-interactive", is_flag=True, help="Do not listen to the keyboard.")
@token_option
@json_option
@click.pass_context
def conformance(
    ctx: click.Context,
    /,
    *,
    slug: str | None,
    names: tuple[str, ...],
    listing: bool,
    timeout: timedelta,
    lasting: timedelta,
    out: Path,
    anew: bool,
    non_interactive: bool,
    token: str | None,
    as_json: bool,
) -> None:
    """Watch the test traffic of the shop SLUG, case by case, and write a dated report.

    Prints a secret for the trial: what comes by it is answered as live traffic is, and never
    booked. Live traffic goes on untouched. The report is written as JSON and as Markdown. Exit 1
    unless every case that was asked for and applies is ticked.
    """
    if listing:
        show_rows(_listed(is_native=_is_native(ctx, slug)), as_json=as_json, empty="")
        return
    if slug is None:
        raise click.UsageError("name the shop by its SLUG")
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        who = acting_on(session, runtime, token, Role.ADMIN)
    reports = [CaseReport(one) for one in CASES]
    asked = [
        one for one in reports if one.case.name in names or not (names or one.case.is_optional)
    ]
    # With --json nothing but the result stands on standard output.
    screen = ConsoleScreen(
        Console(stderr=as_json, highlight=False),
        cases=len(asked),
        listens=not (non_interactive or as_json) and sys.stdin.isatty(),
    )
    wanted = Wanted(slug, who, lasting, timeout, anew=anew)
    account = run(runtime, wanted, screen, reports, asked)
    figures = account_as_json(account)
    written = _write(account.name, figures, out)
    if as_json:
        print_json({**figures, "reports": [str(path) for path in written]})
    screen.closes(f"{figures['result'].replace('_', ' ')}: {written[0]} and {written[1]}")
    if not account.has_passed:
        ctx.exit(1)


def _is_native(ctx: click.Context, slug: str | None) -> bool:
    """Whether a shop speaks our own dialect, as is taken for granted where none is named."""
    if slug is None:
        return True
    with unit_of_work(runtime_of(ctx).engine) as session:
        return current(session, find(session, slug).id).dialect == "native"


def _listed(*, is_native: bool) -> list[dict[str, Any]]:
    anyone = Record(first_secret=0, is_native=is_native)
    return [
        {
            "case": one.name,
            "asked": "by name only" if one.is_optional else "yes",
            "what": one.ask(anyone),
        }
        for one in CASES
    ]


def _write(name: str, figures: Mapping[str, Any], out: Path) -> tuple[Path, Path]:
    """Write the report, beside those of the same day that there are."""
    for number in itertools.count(1):
        path = out / (f"{name}-{number}.json" if number > 1 else f"{name}.json")
        page = path.with_suffix(".md")
        if page.exists():
            continue
        try:
            with path.open("x") as file:
                json.dump(figures, file, ensure_ascii=False, indent=2)
                file.write("\n")
        except FileExistsError:
            continue
        page.write_text(as_markdown(figures))
        return path, page
    raise AssertionError("numbers do not end")
