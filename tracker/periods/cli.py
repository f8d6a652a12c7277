"""`tracker periods …`"""

import shutil
from datetime import datetime
from pathlib import Path

import click

from tracker.kit.cli import as_of_option, json_option, moment_of, runtime_of, show, show_rows
from tracker.kit.database import snapshot, unit_of_work
from tracker.periods.acts import CLOSING, payload_of
from tracker.periods.queries import months, periods
from tracker.periods.rules import TASK, DocumentDiffers
from tracker.periods.service import ask_for_check, documents_of, see_that_it_is_next
from tracker.periods.views import one_of, shown, written
from tracker.proposals.queries import shown_of
from tracker.proposals.service import Wish, propose
from tracker.staff.cli import acting_on, known_on, token_option
from tracker.staff.rules import Role

_period = click.argument("period")


@click.group("periods")
def commands() -> None:
    """Months of the books."""


@commands.command("list")
@json_option
@click.pass_context
def list_periods(ctx: click.Context, as_json: bool) -> None:
    """Every month that has something in its books, and what stands in the way of closing it."""
    with snapshot(runtime_of(ctx).engine) as session:
        found = [(shown(month), month.check) for month in months(session, periods(session))]
    rows = [
        {name: one[name] for name in ("period", "state", "transactions", "closed_at")}
        | {
            "checked_at": check.finished_at if check else None,
            "obstacles": {name: said for name, said in (check.obstacles or {}).items() if said}
            if check
            else None,
        }
        for one, check in found
    ]
    show_rows(rows, as_json=as_json, empty="nothing is in the books")


@commands.command("show")
@_period
@json_option
@click.pass_context
def show_period(ctx: click.Context, period: str, *, as_json: bool) -> None:
    """How a month stands, and what its last check found in the way of closing it."""
    with snapshot(runtime_of(ctx).engine) as session:
        month = one_of(session, period)
        check = month.pop("check")
        told = {
            **{name: said for name, said in month.items() if name != "documents"},
            "documents": len(month["documents"]),
            "checked_at": check and check.finished_at,
            "holds": check and check.holds,
            "obstacles": check and check.obstacles,
        }
    show(told, as_json=as_json)


@commands.command("check")
@_period
@as_of_option
@token_option
@json_option
@click.pass_context
def check(
    ctx: click.Context, period: str, *, as_of: datetime | None, token: str | None, as_json: bool
) -> None:
    """Have a worker look whether a month, such as 2011-01, may be closed.

    `tracker periods show` tells what it found, when it has looked.
    """
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        who = acting_on(session, runtime, token, Role.OPERATOR)
        asked = ask_for_check(session, period, who, moment_of(as_of, runtime.clock))
        told = {
            "check": asked.id,
            "period": period,
            "asked_by": asked.asked_by,
            "see": f"tracker periods show {period}",
        }
    runtime.nudger.nudge(TASK)
    show(told, as_json=as_json)


@commands.command("close")
@_period
@click.option("--reason", required=True, help="Why: it is kept with the act.")
@as_of_option
@token_option
@json_option
@click.pass_context
def close(
    ctx: click.Context,
    period: str,
    *,
    reason: str,
    as_of: datetime | None,
    token: str | None,
    as_json: bool,
) -> None:
    """Propose that a month be closed: `tracker proposals approve` is another person's."""
    runtime = runtime_of(ctx)
    subject = f"period:{period}"
    with unit_of_work(runtime.engine) as session:
        by = known_on(session, runtime, token, Role.OPERATOR)
        see_that_it_is_next(session, period, moment_of(as_of, runtime.clock))
        wish = Wish(payload=payload_of(period), subject=subject, reason=reason, slot=subject)
        one = propose(session, runtime, CLOSING, wish, by)
        told = dict(shown_of(session, one.id, {CLOSING.name: CLOSING}))
    show(told, as_json=as_json)


@commands.command("documents")
@_period
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write them into this folder, as PERIOD-NAME.csv.",
)
@json_option
@click.pass_context
def documents(ctx: click.Context, period: str, into: Path | None, as_json: bool) -> None:
    """Make the documents of a closed month anew; exit code 1 when one is not as it was sealed."""
    differing = 0
    rows = []
    with snapshot(runtime_of(ctx).engine) as session:
        for one in documents_of(session, period):
            try:
                with written(session, period, one.name) as file:
                    if into:
                        into.mkdir(parents=True, exist_ok=True)
                        with (into / f"{period}-{one.name}.csv").open("wb") as target:
                            shutil.copyfileobj(file, target)
                found = "as sealed"
            except DocumentDiffers:
                differing, found = differing + 1, "differs"
            rows.append(
                {"name": one.name, "lines": one.lines, "sha256": one.sha256.hex(), "is": found}
            )
    show_rows(rows, as_json=as_json, empty="they are not sealed yet: a worker sees to it")
    if differing:
        ctx.exit(1)
