"""`tracker claims …`: what members miss, and the answers of staff."""

from datetime import datetime

import click

from tracker.claims.queries import listed
from tracker.claims.rules import BY_STAFF, Outcome, State
from tracker.claims.schemas import StaffClaimSchema
from tracker.claims.service import Hand, decide
from tracker.kit.cli import (
    as_of_option,
    json_option,
    moment_of,
    runtime_of,
    show,
    show_rows,
    word_of,
)
from tracker.kit.database import unit_of_work
from tracker.purchases.settling import programme_of
from tracker.staff.cli import acting_on, token_option
from tracker.staff.rules import Role

_LISTED = ("id", "member_id", "shop_id", "order_id", "amount", "filed_at", "deadline", "outcome")


@click.group("claims")
def commands() -> None:
    """Purchases that did not appear, say members."""


@commands.command("list")
@click.option("--overdue", is_flag=True, help="Only those whose deadline has passed.")
@click.option("--all", "every", is_flag=True, help="Those that were answered as well.")
@as_of_option
@json_option
@click.pass_context
def list_claims(
    ctx: click.Context, overdue: bool, every: bool, as_of: datetime | None, as_json: bool
) -> None:
    """Claims that wait for an answer, the oldest first."""
    runtime = runtime_of(ctx)
    now = moment_of(as_of, runtime.clock)
    with unit_of_work(runtime.engine) as session:
        found = listed(
            session,
            state=None if every else State.WITH_STAFF,
            overdue_at=now if overdue else None,
            limit=1_000,
        )
        rows = [dict(StaffClaimSchema(only=_LISTED).dump(one)) for one in found]
    show_rows(rows, as_json=as_json, empty="No claim waits.")


@commands.command("decide")
@click.argument("claim_id", type=int)
@click.argument("outcome", type=word_of([*BY_STAFF]))
@click.option("--reason", required=True, help="Why: it is kept with the act.")
@click.option("--click", "click_id", help="To credit it to another click of the member's.")
@as_of_option
@token_option
@json_option
@click.pass_context
def decide_one(
    ctx: click.Context,
    /,
    claim_id: int,
    outcome: str,
    *,
    reason: str,
    click_id: str | None,
    as_of: datetime | None,
    token: str | None,
    as_json: bool,
) -> None:
    """Answer a claim. `credited` gives the member the purchase that is nobody's."""
    runtime = runtime_of(ctx)
    settings, now = runtime.settings, moment_of(as_of, runtime.clock)
    with unit_of_work(runtime.engine) as session:
        who = acting_on(session, runtime, token, Role.OPERATOR)
        hand = Hand(session, settings.keys, programme_of(settings), now)
        answered = decide(
            hand, claim_id, Outcome(outcome), who=who, reason=reason, click_id=click_id
        )
        row = dict(StaffClaimSchema(only=_LISTED).dump(answered))
    show(row, as_json=as_json, title=f"Claim {claim_id}")
