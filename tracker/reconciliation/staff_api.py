"""`/admin/api/v1/settlements`: findings, undecided payouts, and the end of a run."""

from typing import Any

from flask.views import MethodView

from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.reconciliation.models import Finding
from tracker.reconciliation.queries import findings
from tracker.reconciliation.schemas import (
    DecidedSchema,
    DecisionSchema,
    FindingExplanationSchema,
    FindingFilter,
    FindingPage,
    FindingSchema,
)
from tracker.reconciliation.service import close, explain, resolve, take
from tracker.settlement.models import Payout, SettlementRun
from tracker.settlement.rules import PayoutState
from tracker.settlement.schemas import RunSchema
from tracker.staff.guard import acting, requires
from tracker.staff.rules import Role

blueprint = Blueprint(
    "reconciliation",
    __name__,
    url_prefix="/admin/api/v1/settlements",
    description="The operator's books against ours",
)


@blueprint.route("/findings")
class Findings(MethodView):
    """In what the books differ."""

    @requires(Role.VIEWER)
    @blueprint.arguments(FindingFilter, location="query")
    @blueprint.response(200, FindingPage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Findings in the order in which they were opened."""
        with unit_of_work(runtime().engine) as session:
            found = findings(
                session,
                period=wanted.get("period"),
                kind=wanted.get("kind"),
                state=wanted.get("state"),
                after=wanted["cursor"],
                limit=wanted["limit"] + 1,
            )
        return page_of(found, limit=wanted["limit"], cursor=lambda finding: finding.id)


@blueprint.route("/findings/<int:finding_id>/take")
class Taking(MethodView):
    """Who sees to a finding."""

    @requires(Role.OPERATOR)
    @blueprint.response(200, FindingSchema)
    @blueprint.doc(responses={"409": refusal("It is explained already")})
    def post(self, finding_id: int) -> Finding:
        """See to a finding, also to one that another had taken."""
        with unit_of_work(runtime().engine) as session:
            return take(session, finding_id, acting().login)


@blueprint.route("/findings/<int:finding_id>/explain")
class Explaining(MethodView):
    """What a finding was."""

    @requires(Role.APPROVER)
    @blueprint.arguments(FindingExplanationSchema)
    @blueprint.response(200, FindingSchema)
    @blueprint.doc(responses={"409": refusal("It is explained already")})
    def post(self, told: dict[str, str], finding_id: int) -> Finding:
        """Say what a finding was, which closes it."""
        with unit_of_work(runtime().engine) as session:
            return explain(session, finding_id, acting().login, told["explanation"])


@blueprint.route("/payouts/<int:payout_id>/resolve")
class Resolving(MethodView):
    """What became of a payout, by the word of staff."""

    @requires(Role.APPROVER)
    @blueprint.arguments(DecisionSchema)
    @blueprint.response(200, DecidedSchema)
    @blueprint.doc(responses={"409": refusal("It is decided already, or not proved")})
    def post(self, told: dict[str, Any], payout_id: int) -> Payout:
        """Decide a payout of unknown outcome: paid, or failed, which gives the money back."""
        house = runtime()
        with unit_of_work(house.engine, "reconciliation.resolve") as session:
            return resolve(
                session,
                house.clock,
                house.settings.billing_lag,
                payout_id,
                PayoutState(told["outcome"]),
                who=acting().login,
                reason=told["reason"],
                reference=told["reference"],
                unproved=told["unproved"],
            )


@blueprint.route("/<period>/close")
class Closing(MethodView):
    """The end of a run."""

    @requires(Role.APPROVER)
    @blueprint.response(200, RunSchema)
    @blueprint.doc(responses={"409": refusal("Not all is explained: the detail says what")})
    def post(self, period: str) -> SettlementRun:
        """Close a run of which all is explained."""
        with unit_of_work(runtime().engine, "reconciliation.close") as session:
            return close(session, period, acting().login)
