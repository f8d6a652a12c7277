"""`tracker settlement reconcile | findings | resolve | guard | open | close`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from tracker.kit.cli import (
    Moment,
    json_option,
    runtime_of,
    show,
    show_rows,
    word_of,
)
from tracker.kit.database import unit_of_work
from tracker.kit.runtime import Runtime
from tracker.reconciliation.models import Finding, OperatorStatement
from tracker.reconciliation.queries import days_of_run, findings
from tracker.reconciliation.rules import FindingKind, FindingState
from tracker.reconciliation.schemas import DecidedSchema, FindingSchema, StatementSchema
from tracker.reconciliation.service import (
    close,
    explain,
    open_gate_by_hand,
    resolve,
    shut_gate,
    take,
)
from tracker.reconciliation.watching import Watch, compare_day
from tracker.settlement.printing import Period, period_option
from tracker.settlement.queries import run_of
from tracker.settlement.rules import WATCH, PayoutState
from tracker.settlement.schemas import RunSchema
from tracker.staff.cli import person_on, token_option
from tracker.staff.rules import Role

_LISTED = ("id", "kind", "detail", "key", "day", "ours", "theirs", "reference", "state", "owner")
_reason_option = click.option("--reason", required=True, help="Why: it is kept with the act.")

WatchOf = Callable[[Runtime], Watch]


@click.group("findings")
def findings_commands() -> None:
    """In what the operator's books and ours differ."""


@findings_commands.command("list")
@click.option("--period", type=Period(), help="Only those of this run.")
@click.option("--kind", type=word_of(FindingKind), help="Only those of this kind.")
@click.option("--state", type=word_of(FindingState), help="[default: all but explained ones]")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Only findings beyond this.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@json_option
@click.pass_context
def list_findings(
    ctx: click.Context,
    /,
    *,
    period: str | None,
    kind: str | None,
    state: str | None,
    after: int,
    limit: int,
    as_json: bool,
) -> None:
    """Findings in the order in which they were opened."""
    with unit_of_work(runtime_of(ctx).engine) as session:
        if period:
            run_of(session, period)
        found = findings(session, period=period, kind=kind, state=state, after=after, limit=limit)
        rows = [dict(FindingSchema(only=_LISTED).dump(one)) for one in found]
    rows = [{name: row[name] for name in _LISTED} for row in rows]
    show_rows(rows, as_json=as_json, empty="There is no such finding.")


@findings_commands.command("take")
@click.argument("finding_id", type=int)
@token_option
@json_option
@click.pass_context
def take_finding(ctx: click.Context, finding_id: int, token: str | None, as_json: bool) -> None:
    """See to a finding, also to one that another had taken."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        who = person_on(session, runtime, token, Role.OPERATOR)
        _show_finding(take(session, finding_id, who), as_json=as_json)


@findings_commands.command("explain")
@click.argument("finding_id", type=int)
@click.option("--explanation", required=True, help="What it was: it is kept with the finding.")
@token_option
@json_option
@click.pass_context
def explain_finding(
    ctx: click.Context, finding_id: int, explanation: str, token: str | None, as_json: bool
) -> None:
    """Say what a finding was, which closes it."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        who = person_on(session, runtime, token, Role.APPROVER)
        _show_finding(explain(session, finding_id, who, explanation), as_json=as_json)
    runtime.nudger.nudge(WATCH)


@click.command("resolve")
@click.argument("payout_id", type=int)
@click.argument("outcome", type=word_of([PayoutState.PAID, PayoutState.FAILED]))
@_reason_option
@click.option("--reference", help="The operator's own, of what was paid.")
@click.option("--unproved", is_flag=True, help="Also what no compared statement bears out.")
@token_option
@json_option
@click.pass_context
def resolve_payout(
    ctx: click.Context,
    /,
    payout_id: int,
    outcome: str,
    *,
    reason: str,
    reference: str | None,
    unproved: bool,
    token: str | None,
    as_json: bool,
) -> None:
    """Decide a payout that the operator could not be made to tell of: `failed` gives the member
    the money back."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine, "reconciliation.resolve") as session:
        who = person_on(session, runtime, token, Role.APPROVER)
        payout = resolve(
            session,
            runtime.clock,
            runtime.settings.billing_lag,
            payout_id,
            PayoutState(outcome),
            who=who,
            reason=reason,
            reference=reference,
            unproved=unproved,
        )
        row = dict(DecidedSchema().dump(payout))
    show(row, as_json=as_json, title=f"Payout {payout_id}")


@click.command("guard")
@click.option("--since", type=Moment(), required=True, help="The backup's moment, or earlier.")
@_reason_option
@token_option
@json_option
@click.pass_context
def guard_sending(
    ctx: click.Context, since: datetime, reason: str, token: str | None, as_json: bool
) -> None:
    """Send nothing before the operator's statements since a moment are compared: after a restore
    from a backup."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        who = person_on(session, runtime, token, Role.OPERATOR)
        raised = shut_gate(session, since, runtime.clock.now(), who=who, reason=reason)
    runtime.nudger.nudge(WATCH)
    show({"guarded_since": raised.since, "reason": raised.reason}, as_json=as_json)


@click.command("open")
@_reason_option
@token_option
@json_option
@click.pass_context
def open_sending(ctx: click.Context, reason: str, token: str | None, as_json: bool) -> None:
    """Let sending go on though not every statement was compared: you answer for it."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        who = person_on(session, runtime, token, Role.APPROVER)
        open_gate_by_hand(session, runtime.clock.now(), who=who, reason=reason)
    show({"guarded_since": None}, as_json=as_json)


@click.command("close")
@period_option
@token_option
@json_option
@click.pass_context
def close_run(ctx: click.Context, period: str, token: str | None, as_json: bool) -> None:
    """Close a run of which all is explained; else say what is missing."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine, "reconciliation.close") as session:
        who = person_on(session, runtime, token, Role.APPROVER)
        row = dict(RunSchema().dump(close(session, period, who)))
    show(row, as_json=as_json, title=f"Settlement {period}")


def build(watch_of: WatchOf) -> tuple[click.Command, ...]:
    """The commands, given how a process watches the operator's books."""

    @click.command("reconcile")
    @click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="This business day.")
    @click.option("--period", type=Period(), help="Every day from the start of this run until now.")
    @token_option
    @json_option
    @click.pass_context
    def reconcile(
        ctx: click.Context,
        day: datetime | None,
        period: str | None,
        token: str | None,
        as_json: bool,
    ) -> None:
        """Compare the operator's statement of a day, or of all days of a run, with our books."""
        if (day is None) == (period is None):
            raise click.UsageError("give either --day or --period")
        runtime = runtime_of(ctx)
        with unit_of_work(runtime.engine) as session:
            person_on(session, runtime, token, Role.OPERATOR)
            days = [day.date()] if day else days_of_run(session, runtime.clock, period or "")
        watch = watch_of(runtime)
        rows = [_compared(compare_day(watch, one)) for one in days]
        show_rows(rows, as_json=as_json, empty="The run has not begun: there is no day to compare.")

    return (
        reconcile,
        findings_commands,
        resolve_payout,
        guard_sending,
        open_sending,
        close_run,
    )


def _compared(statement: OperatorStatement) -> dict[str, Any]:
    return dict(StatementSchema().dump(statement))


def _show_finding(finding: Finding, *, as_json: bool) -> None:
    show(dict(FindingSchema().dump(finding)), as_json=as_json, title=f"Finding {finding.id}")
