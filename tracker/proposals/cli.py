"""`tracker proposals …`: what waits for a second person."""

from collections.abc import Callable
from typing import Any

import click

from tracker.kit.cli import json_option, runtime_of, show, show_rows, word_of
from tracker.kit.database import unit_of_work
from tracker.proposals.contracts import Actions
from tracker.proposals.deciding import approve, nudge_for, reject, withdraw
from tracker.proposals.queries import listed, shown_of
from tracker.proposals.rules import State
from tracker.staff.cli import known_on, token_option
from tracker.staff.rules import Role

_LISTED = ("id", "action", "subject", "state", "proposed_by", "expires_at", "reason")
_number = click.argument("proposal_id", type=click.IntRange(min=1))
_reason = click.option("--reason", required=True, help="Why: it is kept with the act.")


def build(actions: Actions) -> click.Group:
    """The commands, given every act that takes two people."""
    group = click.Group(
        "proposals", help="What takes two people: proposed by one, approved by another."
    )
    for command in (
        _list_command(actions),
        _show_command(actions),
        _approve_command(actions),
        _ending("reject", "Refuse what another proposed: nothing is done.", actions),
        _ending("withdraw", "Take back what you proposed yourself.", actions),
    ):
        group.add_command(command)
    return group


def _list_command(actions: Actions) -> click.Command:
    @click.command("list")
    @click.option("--state", type=word_of(State), default=str(State.PROPOSED), show_default=True)
    @click.option("--action", type=click.Choice(sorted(actions)), help="Only acts of this kind.")
    @click.option("--subject", help="Only acts upon this, such as certificate:17.")
    @click.option("--after", type=click.IntRange(min=0), default=0, help="Only beyond this.")
    @click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
    @json_option
    @click.pass_context
    def list_proposals(
        ctx: click.Context, /, *, as_json: bool, state: str, action: str | None, **wanted: Any
    ) -> None:
        """Proposals in the order in which they were made."""
        chosen = [action] if action else list(actions)
        with unit_of_work(runtime_of(ctx).engine) as session:
            found = listed(session, state=State(state), actions=chosen, **wanted)
        rows = [{name: one[name] for name in _LISTED} for one in found]
        show_rows(rows, as_json=as_json, empty="no proposals")

    return list_proposals


def _show_command(actions: Actions) -> click.Command:
    @click.command("show")
    @_number
    @json_option
    @click.pass_context
    def show_proposal(ctx: click.Context, proposal_id: int, as_json: bool) -> None:
        """Exactly what is to be done, why, and how things stood when it was proposed."""
        with unit_of_work(runtime_of(ctx).engine) as session:
            found = shown_of(session, proposal_id, actions)
        show({"about": actions[found["action"]].about, **found}, as_json=as_json)

    return show_proposal


def _approve_command(actions: Actions) -> click.Command:
    @click.command("approve")
    @_number
    @click.option("--sha256", help="The hash of what you approve [default: asks, showing it].")
    @click.option("--reason", help="Why: it is kept with the act.")
    @token_option
    @json_option
    @click.pass_context
    def approve_proposal(
        ctx: click.Context,
        /,
        *,
        proposal_id: int,
        sha256: str | None,
        reason: str | None,
        token: str | None,
        as_json: bool,
    ) -> None:
        """Agree, as another person than the one who proposed it: it is done at once."""
        runtime = runtime_of(ctx)
        with unit_of_work(runtime.engine) as session:
            known_on(session, runtime, token, Role.APPROVER)
            found = shown_of(session, proposal_id, actions)
        if sha256 is None and found["state"] == State.PROPOSED:
            # Nothing is open or locked while a person reads.
            show({"about": actions[found["action"]].about, **found}, as_json=False)
            if not click.confirm("Approve this?"):
                raise click.ClickException(f"proposal {proposal_id} was not approved")
        seal = sha256 or found["payload_sha256"]
        with unit_of_work(runtime.engine, "proposals.approve") as session:
            by = known_on(session, runtime, token, Role.APPROVER)  # as it is after the reading
            outcome = approve(
                session, runtime, actions, proposal_id, by, sha256=seal, reason=reason
            )
            shown = shown_of(session, proposal_id, actions)
        outcome.see_that_it_was_done()
        nudge_for(runtime, actions[shown["action"]])
        show({**shown, **({"told": outcome.told} if outcome.told else {})}, as_json=as_json)

    return approve_proposal


_ENDINGS: dict[str, tuple[Callable[..., Any], Role]] = {
    "reject": (reject, Role.APPROVER),
    "withdraw": (withdraw, Role.OPERATOR),
}


def _ending(name: str, about: str, actions: Actions) -> click.Command:
    end, role = _ENDINGS[name]

    @click.command(name, help=about)
    @_number
    @_reason
    @token_option
    @json_option
    @click.pass_context
    def end_proposal(
        ctx: click.Context, proposal_id: int, reason: str, token: str | None, as_json: bool
    ) -> None:
        runtime = runtime_of(ctx)
        with unit_of_work(runtime.engine, f"proposals.{name}") as session:
            by = known_on(session, runtime, token, role)
            end(session, actions, proposal_id, by, reason)
            shown = shown_of(session, proposal_id, actions)
        show(shown, as_json=as_json)

    return end_proposal
