"""`tracker claims …`: what members miss, and the answers of staff."""

from datetime import datetime
from typing import Any

import click

from tracker.claims.crediting import answer, hand_of
from tracker.claims.queries import listed
from tracker.claims.rules import BY_STAFF, Outcome, State
from tracker.claims.schemas import StaffClaimSchema
from tracker.claims.service import decide
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
from tracker.staff.cli import acting_on, known_on, token_option
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
    """Answer a claim. `credited` gives the member the purchase that is nobody's.

    By a token it is proposed where one person may not credit so much alone.
    """
    runtime = runtime_of(ctx)
    now, asked = moment_of(as_of, runtime.clock), None
    given: dict[str, Any] = {"reason": reason, "click_id": click_id}
    with unit_of_work(runtime.engine) as session:
        if token is None:
            who = acting_on(session, runtime, None, Role.OPERATOR)
            hand = hand_of(session, runtime, now)
            claim = decide(hand, claim_id, Outcome(outcome), who=who, **given)
        else:
            by = known_on(session, runtime, token, Role.OPERATOR)
            claim, asked = answer(
                session, runtime, claim_id, Outcome(outcome), by, now=now, **given
            )
        row = dict(StaffClaimSchema(only=_LISTED).dump(claim))
    if asked is not None:
        row["proposal"] = asked.id
    show(row, as_json=as_json, title=f"Claim {claim_id}")
