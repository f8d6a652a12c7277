"""`/admin/api/v1/proposals`: what waits for a second person, whatever it is about."""

from typing import Any

from flask.views import MethodView

from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.proposals.contracts import Actions
from tracker.proposals.deciding import approve, nudge_for, reject, withdraw
from tracker.proposals.queries import Row, listed, shown, shown_of
from tracker.proposals.rules import State
from tracker.proposals.schemas import (
    ProposalApprovalSchema,
    ProposalDoneSchema,
    ProposalFilter,
    ProposalReasonSchema,
    ProposalSchema,
    ProposalsPage,
)
from tracker.staff.guard import acting, requires
from tracker.staff.rules import Role

_TWO = {
    "403": refusal("One's own proposal, or of somebody whose role is too low for this act"),
    "409": refusal("It was decided already, the hash is another, or things have changed since"),
    "410": refusal("Nobody decided about it in time"),
}
_ONE = {"403": refusal("Somebody else's proposal"), "409": refusal("It was decided already")}


def build(actions: Actions) -> Blueprint:
    """The routes, given every act that takes two people."""
    blueprint = Blueprint(
        "proposals",
        __name__,
        url_prefix="/admin/api/v1/proposals",
        description="What takes two people: proposed by one, approved by another",
    )
    _add_reading(blueprint, actions)
    _add_approving(blueprint, actions)
    _add_ending(blueprint, actions)
    return blueprint


def _add_reading(blueprint: Blueprint, actions: Actions) -> None:
    @blueprint.route("")
    class Proposals(MethodView):
        """Proposals."""

        @requires(Role.VIEWER)
        @blueprint.arguments(ProposalFilter, location="query")
        @blueprint.response(200, ProposalsPage)
        def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
            """Proposals in the order in which they were made."""
            with unit_of_work(runtime().engine) as session:
                found = listed(
                    session,
                    state=State(wanted["state"]) if "state" in wanted else None,
                    actions=[wanted["action"]] if "action" in wanted else list(actions),
                    subject=wanted.get("subject"),
                    proposed_by=wanted.get("proposed_by"),
                    after=wanted["cursor"],
                    limit=wanted["limit"] + 1,
                )
            told = [shown(one, actions) for one in found]
            return page_of(told, limit=wanted["limit"], cursor=lambda one: one["id"])

    @blueprint.route("/<int:proposal_id>")
    class OneProposal(MethodView):
        """One of them."""

        @requires(Role.VIEWER)
        @blueprint.response(200, ProposalSchema)
        def get(self, proposal_id: int) -> Row:
            """Exactly what is to be done, why, and how things stood when it was proposed."""
            with unit_of_work(runtime().engine) as session:
                return shown_of(session, proposal_id, actions)


def _add_approving(blueprint: Blueprint, actions: Actions) -> None:
    @blueprint.route("/<int:proposal_id>/approve")
    class Approval(MethodView):
        """The second person's word."""

        @requires(Role.APPROVER)
        @blueprint.arguments(ProposalApprovalSchema)
        @blueprint.response(200, ProposalDoneSchema)
        @blueprint.doc(responses=_TWO)
        def post(self, told: dict[str, str], proposal_id: int) -> Row:
            """Agree, as another person, to exactly what was read: it is done at once."""
            house, by = runtime(), acting()
            with unit_of_work(house.engine, "proposals.approve") as session:
                outcome = approve(session, house, actions, proposal_id, by, **told)
                shown = shown_of(session, proposal_id, actions)
            outcome.see_that_it_was_done()
            nudge_for(house, actions[shown["action"]])
            return {**shown, "told": outcome.told}


def _add_ending(blueprint: Blueprint, actions: Actions) -> None:
    @blueprint.route("/<int:proposal_id>/reject")
    class Rejection(MethodView):
        """The second person's no."""

        @requires(Role.APPROVER)
        @blueprint.arguments(ProposalReasonSchema)
        @blueprint.response(200, ProposalSchema)
        @blueprint.doc(responses={one: _TWO[one] for one in ("403", "409")})
        def post(self, told: dict[str, str], proposal_id: int) -> Row:
            """Refuse, as another person: nothing is done."""
            with unit_of_work(runtime().engine, "proposals.reject") as session:
                reject(session, actions, proposal_id, acting(), told["reason"])
                return shown_of(session, proposal_id, actions)

    @blueprint.route("/<int:proposal_id>/withdraw")
    class Withdrawal(MethodView):
        """The proposer's second thought."""

        @requires(Role.OPERATOR)
        @blueprint.arguments(ProposalReasonSchema)
        @blueprint.response(200, ProposalSchema)
        @blueprint.doc(responses=_ONE)
        def post(self, told: dict[str, str], proposal_id: int) -> Row:
            """Take back what one proposed oneself."""
            with unit_of_work(runtime().engine, "proposals.withdraw") as session:
                withdraw(session, actions, proposal_id, acting(), told["reason"])
                return shown_of(session, proposal_id, actions)
