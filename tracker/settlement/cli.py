"""`tracker settlement …`: prepare → show → approve → run → status."""

import time
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress
from sqlalchemy.orm import Session

from tracker.kit.cli import as_of_option, json_option, moment_of, runtime_of, show, show_rows
from tracker.kit.database import unit_of_work
from tracker.kit.money import format_rubles
from tracker.kit.runtime import Runtime
from tracker.settlement.models import SettlementRun
from tracker.settlement.preparing import prepare_once
from tracker.settlement.queries import Tally, run_of, runs, tallies
from tracker.settlement.rules import ENDED, PayoutState, PeriodInvalid, RunState, first_of
from tracker.settlement.schemas import RunSchema
from tracker.settlement.service import approve, start
from tracker.staff.cli import token_option
from tracker.staff.rules import Role, TokenNotAccepted
from tracker.staff.service import recognise

TASK = "settlement"

_LISTED = ("period", "state", "payouts", "total", "sha256")
_SHORT = 12


class Period(click.ParamType[str]):
    """A month written YYYY-MM."""

    name = "YYYY-MM"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            first_of(str(value))
        except PeriodInvalid as error:
            self.fail(error.detail, param, ctx)
        return str(value)


period_option = click.option("--period", required=True, type=Period(), help="The month paid.")


@click.group("settlement")
def commands() -> None:
    """The monthly auto-payment."""


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
    with unit_of_work(runtime.engine) as session:
        acting = _acting(session, runtime, token, Role.OPERATOR)
    run = prepare_once(
        runtime.engine,
        period,
        moment_of(as_of, runtime.clock),
        minimum=settings.payout_minimum,
        cap=settings.payout_cap,
        prepared_by=acting,
    )
    _show_run(run, as_json=as_json)


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


@commands.command("show")
@period_option
@json_option
@click.pass_context
def show_run(ctx: click.Context, period: str, as_json: bool) -> None:
    """The sealed list's total and SHA-256: what the second person approves."""
    with unit_of_work(runtime_of(ctx).engine) as session:
        _show_run(run_of(session, period), as_json=as_json)


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
        approver = _acting(session, runtime, token, Role.APPROVER)
        run = run_of(session, period)
        if sha256 is None:
            _show_run(run, as_json=False)
        seal = sha256 or run.sha256
    # Nothing is open or locked while a person reads.
    if sha256 is None and not click.confirm("Approve this list?"):
        raise click.ClickException(f"the list of {period} was not approved")
    with unit_of_work(runtime.engine) as session:
        _show_run(approve(session, period, seal, approver), as_json=as_json)


@commands.command("run")
@period_option
@click.option("--wait", is_flag=True, help="Stay until every payout has ended, showing progress.")
@json_option
@click.pass_context
def run_period(ctx: click.Context, period: str, wait: bool, as_json: bool) -> None:
    """Let the workers deliver an approved run. Started again, it goes on where it was."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        start(session, period)
    runtime.nudger.nudge(TASK)
    if wait:
        _wait(runtime, period)
    with unit_of_work(runtime.engine) as session:
        _show_status(run_of(session, period), tallies(session, period), as_json=as_json)


@commands.command("status")
@period_option
@json_option
@click.pass_context
def status(ctx: click.Context, period: str, as_json: bool) -> None:
    """How the payouts of a period stand."""
    with unit_of_work(runtime_of(ctx).engine) as session:
        _show_status(run_of(session, period), tallies(session, period), as_json=as_json)


def _wait(runtime: Runtime, period: str) -> None:
    """Until the run is done. Nudges all the while: a nudge may be lost with Redis or a worker, an
    unknown payout waits for its time to be asked about, and no scheduler may be there."""
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(f"paying {period}", total=None)
        while True:
            with unit_of_work(runtime.engine) as session:
                run, stand = run_of(session, period), tallies(session, period)
            ended = sum(tally.count for state, tally in stand.items() if state not in _OPEN)
            progress.update(bar, total=run.payouts, completed=ended)
            if run.state == RunState.DONE:
                return
            runtime.nudger.nudge(TASK)
            time.sleep(0.2)


_OPEN = frozenset(PayoutState) - ENDED


def _acting(session: Session, runtime: Runtime, token: str | None, needed: Role) -> str:
    """The login of the person at the keyboard; an empty token is none."""
    if not token or not token.strip():
        raise TokenNotAccepted(
            f"the token of an {needed} is needed: TRACKER_STAFF_TOKEN, or --token"
        )
    return recognise(session, runtime.settings.keys, token, needed).login


def _show_run(run: SettlementRun, *, as_json: bool) -> None:
    show(dict(RunSchema().dump(run)), as_json=as_json, title=f"Settlement {run.period}")


def _show_status(run: SettlementRun, stand: dict[PayoutState, Tally], *, as_json: bool) -> None:
    figures: dict[str, Any] = {"period": run.period, "state": run.state}
    if as_json:
        figures["payouts"] = {
            str(state): {"count": tally.count, "amount": format_rubles(tally.amount)}
            for state, tally in stand.items()
        }
    else:
        figures |= {
            str(state): f"{tally.count} payouts, {format_rubles(tally.amount)} RUB"
            for state, tally in stand.items()
        }
    show(figures, as_json=as_json, title=f"Settlement {run.period}")
