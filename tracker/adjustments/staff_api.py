"""`/admin/api/v1/adjustments`: money that staff give members, take from them or forgive them."""

from typing import Any

from flask.views import MethodView

from tracker.adjustments.queries import adjustment, adjustments
from tracker.adjustments.rules import Adjustment, Cause, Kind
from tracker.adjustments.schemas import (
    AdjustmentFilter,
    AdjustmentHeaders,
    AdjustmentSchema,
    AdjustmentsPage,
    AdjustmentWish,
)
from tracker.adjustments.service import ACTIONS, ask_for
from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.proposals.deciding import approve, reject
from tracker.proposals.queries import Row
from tracker.proposals.rules import State
from tracker.proposals.schemas import ProposalApprovalSchema, ProposalReasonSchema
from tracker.staff.guard import acting, requires
from tracker.staff.rules import Role

blueprint = Blueprint(
    "adjustments",
    __name__,
    url_prefix="/admin/api/v1/adjustments",
    description="Money that staff give or take: proposed by one, approved by another",
)

_ANOTHER = {
    "403": refusal("Of the person who proposed it, or of somebody who is not approver, nor more"),
    "409": refusal("It was decided already, the hash is another, or things have changed since"),
}


@blueprint.route("")
class Adjustments(MethodView):
    """Adjustments."""

    @requires(Role.VIEWER)
    @blueprint.arguments(AdjustmentFilter, location="query")
    @blueprint.response(200, AdjustmentsPage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Adjustments in the order in which they were proposed."""
        with unit_of_work(runtime().engine) as session:
            found = adjustments(
                session,
                state=State(wanted["state"]) if "state" in wanted else None,
                kind=Kind(wanted["kind"]) if "kind" in wanted else None,
                member_id=wanted.get("member_id"),
                after=wanted["cursor"],
                limit=wanted["limit"] + 1,
            )
        return page_of(found, limit=wanted["limit"], cursor=lambda one: one["id"])

    @requires(Role.OPERATOR)
    @blueprint.arguments(AdjustmentHeaders, location="headers")
    @blueprint.arguments(AdjustmentWish)
    @blueprint.response(201, AdjustmentSchema)
    @blueprint.doc(
        responses={
            "409": refusal("The same waits already, or the member's money does not allow it"),
            "422": refusal("A field is wrong: which, and why"),
        }
    )
    def post(self, headers: dict[str, str], told: dict[str, Any]) -> Row:
        """Propose one: nothing moves before another person approves it."""
        house = runtime()
        one = Adjustment(**told | {"kind": Kind(told["kind"]), "cause": Cause(told["cause"])})
        with unit_of_work(house.engine, "adjustments.propose") as session:
            asked = ask_for(session, house, one, acting(), key=headers.get("key"))
            return adjustment(session, asked.id)


@blueprint.route("/<int:adjustment_id>")
class OneAdjustment(MethodView):
    """One of them."""

    @requires(Role.VIEWER)
    @blueprint.response(200, AdjustmentSchema)
    def get(self, adjustment_id: int) -> Row:
        """What is to be done or was done, by whom, and in which month's books it stands."""
        with unit_of_work(runtime().engine) as session:
            return adjustment(session, adjustment_id)


@blueprint.route("/<int:adjustment_id>/approve")
class Approval(MethodView):
    """The second person's word."""

    @requires(Role.APPROVER)
    @blueprint.arguments(ProposalApprovalSchema)
    @blueprint.response(200, AdjustmentSchema)
    @blueprint.doc(responses=_ANOTHER | {"410": refusal("Nobody decided about it in time")})
    def post(self, told: dict[str, str], adjustment_id: int) -> Row:
        """Agree, as another person, to exactly what was read: it is booked at once."""
        house = runtime()
        with unit_of_work(house.engine, "adjustments.approve") as session:
            outcome = approve(session, house, ACTIONS, adjustment_id, acting(), **told)
            shown = adjustment(session, adjustment_id)
        outcome.see_that_it_was_done()
        return shown


@blueprint.route("/<int:adjustment_id>/reject")
class Rejection(MethodView):
    """The second person's no."""

    @requires(Role.APPROVER)
    @blueprint.arguments(ProposalReasonSchema)
    @blueprint.response(200, AdjustmentSchema)
    @blueprint.doc(responses=_ANOTHER)
    def post(self, told: dict[str, str], adjustment_id: int) -> Row:
        """Refuse, as another person: nothing is booked."""
        with unit_of_work(runtime().engine, "adjustments.reject") as session:
            reject(session, ACTIONS, adjustment_id, acting(), told["reason"])
            return adjustment(session, adjustment_id)
