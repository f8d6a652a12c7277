"""`tracker settlement …`: prepare → show → approve → run → status."""

import time
from datetime import datetime

import click
from rich.console import Console
from rich.progress import Progress

from tracker.kit.cli import as_of_option, json_option, moment_of, runtime_of, show_rows
from tracker.kit.clock import moscow_date
from tracker.kit.database import unit_of_work
from tracker.kit.runtime import Runtime
from tracker.settlement.calendar import period_of
from tracker.settlement.lists.preparing import prepare_once
from tracker.settlement.looking_cli import COMMANDS
from tracker.settlement.printing import period_option, show_run, show_standing
from tracker.settlement.queries import run_of, runs
from tracker.settlement.rules import DELIVERY, WATCH, RunState
from tracker.settlement.schemas import RunSchema
from tracker.settlement.service import approve, pause, resume, start
from tracker.settlement.standing import standing
from tracker.staff.cli import acting_on, known_on, person_on, token_option
from tracker.staff.rules import Role

_LISTED = ("period", "state", "payouts", "total", "sha256")
_SHORT = 12


@click.group("settlement")
def commands() -> None:
    """The monthly auto-payment."""


for _command in COMMANDS:
    commands.add_command(_command)


@commands.command("prepare")
@period_option
@as_of_option
@token_option
@json_option
@click.pass_context
def prepare_run(
    ctx: click.Context, period: str, as_of: datetime | None, token: str | None, as_json: bool
) -> None:
    """Draw up and seal the list of what each member is due. Doing it again changes nothing.

    Whoever prepares a list by hand signs it, and cannot approve it.
    """
    runtime = runtime_of(ctx)
    settings = runtime.settings
    moment = moment_of(as_of, runtime.clock)
    with unit_of_work(runtime.engine) as session:
        acting = person_on(session, runtime, token, Role.OPERATOR)
    _say_what_is_unusual(period, moment, runtime.clock.now())
    run = prepare_once(
        runtime.engine,
        period,
        moment,
        minimum=settings.payout_minimum,
        cap=settings.payout_cap,
        prepared_by=acting,
    )
    show_run(run, as_json=as_json)


@commands.command("list")
@json_option
@click.pass_context
def list_runs(ctx: click.Context, as_json: bool) -> None:
    """All months, the latest first. The table tells a seal's beginning, `show` all of it."""
    with unit_of_work(runtime_of(ctx).engine) as session:
        rows = [dict(RunSchema(only=_LISTED).dump(run)) for run in runs(session)]
    if not as_json:
        rows = [{**row, "sha256": row["sha256"][:_SHORT]} for row in rows]
    show_rows(rows, as_json=as_json, empty="No month has been prepared.")


@commands.command("approve")
@period_option
@click.option("--sha256", help="The seal being approved [default: asks, showing it].")
@token_option
@json_option
@click.pass_context
def approve_run(
    ctx: click.Context, period: str, sha256: str | None, token: str | None, as_json: bool
) -> None:
    """Approve exactly the sealed list, as another person than the one who prepared it."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        known_on(session, runtime, token, Role.APPROVER)
        run = run_of(session, period)
        seal = run.sha256 if sha256 is None else sha256
    # Nothing is open or locked while a person reads.
    if sha256 is None and run.state == RunState.PREPARED:
        show_run(run, as_json=False)
        if not click.confirm("Approve this list?"):
            raise click.ClickException(f"the list of {period} was not approved")
    with unit_of_work(runtime.engine, "settlement.approve") as session:
        by = known_on(session, runtime, token, Role.APPROVER)  # as it is after the reading
        show_run(approve(session, period, seal, by), as_json=as_json)


@commands.command("run")
@period_option
@click.option("--wait", is_flag=True, help="Stay until every payout has ended, showing progress.")
@token_option
@json_option
@click.pass_context
def run_period(
    ctx: click.Context, period: str, wait: bool, token: str | None, as_json: bool
) -> None:
    """Let the workers deliver an approved run. Started again, it goes on where it was."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine, "settlement.start") as session:
        start(session, period, acting_on(session, runtime, token, Role.OPERATOR))
    _nudge(runtime)
    if wait:
        _wait(runtime, period)
    with unit_of_work(runtime.engine) as session:
        show_standing(standing(session, period), as_json=as_json)


@commands.command("pause")
@period_option
@click.option("--reason", required=True, help="Why: it is kept with the act.")
@token_option
@json_option
@click.pass_context
def pause_run(
    ctx: click.Context, period: str, reason: str, token: str | None, as_json: bool
) -> None:
    """Send nothing more of a run; what was sent is still asked about."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine, "settlement.pause") as session:
        who = acting_on(session, runtime, token, Role.OPERATOR)
        show_run(pause(session, period, who, reason), as_json=as_json)


@commands.command("resume")
@period_option
@click.option("--reason", help="Why: it is kept with the act.")
@token_option
@json_option
@click.pass_context
def resume_run(
    ctx: click.Context, period: str, reason: str | None, token: str | None, as_json: bool
) -> None:
    """Let a paused run go on, once the operator's statements have been compared."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine, "settlement.resume") as session:
        who = acting_on(session, runtime, token, Role.OPERATOR)
        show_run(resume(session, period, who, reason), as_json=as_json)
    _nudge(runtime)


def _say_what_is_unusual(period: str, as_of: datetime, now: datetime) -> None:
    """A list cannot be withdrawn: whoever mistypes the month is to hear of it."""
    if as_of > now:
        click.echo(f"warning: {as_of.isoformat()} has not come yet", err=True)
    if period_of(as_of) != period:
        click.echo(f"warning: {period} is not the month of {moscow_date(as_of)}", err=True)


def _wait(runtime: Runtime, period: str) -> None:
    """Until the run is over or paused. Nudges all the while: a nudge may be lost with Redis or a
    worker, an unknown payout waits for its time to be asked about, and no scheduler may be there.
    """
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar, told = progress.add_task(f"paying {period}", total=None), None
        while True:
            with unit_of_work(runtime.engine) as session:
                stand = standing(session, period)
            progress.update(bar, total=stand.run.payouts, completed=stand.ended)
            if stand.guard and stand.guard.held_by and stand.guard.held_by != told:
                told = stand.guard.held_by
                progress.console.print(f"nothing is sent yet: {told}", highlight=False)
            if stand.run.state != RunState.RUNNING:
                return
            _nudge(runtime)
            time.sleep(0.2)


def _nudge(runtime: Runtime) -> None:
    for task in (WATCH, DELIVERY):
        runtime.nudger.nudge(task)
