"""`tracker referrals …`: rewards, and the word of staff on those that are held."""

from datetime import datetime

import click

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
from tracker.kit.money import format_rubles
from tracker.purchases.reward_desk import review
from tracker.purchases.reward_queries import listed
from tracker.purchases.rewards import Decision, RewardState
from tracker.purchases.settling import programme_of
from tracker.staff.cli import acting_on, token_option
from tracker.staff.rules import Role


@click.group("referrals")
def commands() -> None:
    """What friends bring whoever invited them."""


@commands.command("review")
@click.argument("friend_id", type=int)
@click.argument("decision", type=word_of(Decision))
@click.option("--reason", required=True, help="Why: it is kept with the act.")
@as_of_option
@token_option
@json_option
@click.pass_context
def review_reward(
    ctx: click.Context,
    /,
    *,
    friend_id: int,
    decision: str,
    reason: str,
    as_of: datetime | None,
    token: str | None,
    as_json: bool,
) -> None:
    """Approve or refuse a reward that is held, by the member number of the friend."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        found = review(
            session,
            friend_id,
            Decision(decision),
            who=acting_on(session, runtime, token, Role.OPERATOR),
            reason=reason,
            at=moment_of(as_of, runtime.clock),
            programme=programme_of(runtime.settings),
        )
        show({"friend_id": friend_id, "state": found.state}, as_json=as_json)


@commands.command("list")
@click.option("--state", type=word_of(RewardState), help="Only rewards in this state.")
@click.option("--inviter", "inviter_id", type=int, help="Only rewards of this member.")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Only those beyond this.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True)
@json_option
@click.pass_context
def list_rewards(
    ctx: click.Context,
    *,
    state: str | None,
    inviter_id: int | None,
    after: int,
    limit: int,
    as_json: bool,
) -> None:
    """Rewards in the order in which the friends first bought; those held are in `review`."""
    with unit_of_work(runtime_of(ctx).engine) as session:
        found = listed(
            session,
            state=RewardState(state) if state else None,
            inviter_id=inviter_id,
            after=after,
            limit=limit,
        )
        rows = [
            {
                "id": one.id,
                "friend_id": one.friend_id,
                "inviter_id": one.inviter_id,
                "amount": format_rubles(one.amount),
                "state": one.state,
                "suspicions": one.suspicions,
                "decision": one.decision,
                "purchase_id": one.purchase_id,
                "changed_at": one.changed_at.isoformat() if one.changed_at else None,
            }
            for one in found
        ]
    show_rows(rows, as_json=as_json, empty="none")
