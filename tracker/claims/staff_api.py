"""`/admin/api/v1/claims`: claims that wait for the word of staff."""

from typing import Any

from flask import Response
from flask.views import MethodView

from tracker.audit.service import record
from tracker.claims.crediting import CREDITING, answer
from tracker.claims.queries import claim_of, files_of, listed
from tracker.claims.rules import Outcome, State
from tracker.claims.schemas import (
    ClaimDecisionSchema,
    StaffClaimAnswered,
    StaffClaimSchema,
    StaffClaimsPage,
    StaffClaimWhole,
    StaffFilter,
)
from tracker.claims.service import file_of, note_of
from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.proposals.queries import shown_of
from tracker.staff.guard import acting, requires
from tracker.staff.rules import Role

blueprint = Blueprint(
    "staff claims", __name__, url_prefix="/admin/api/v1/claims", description="Members' claims"
)


@blueprint.route("")
class Claims(MethodView):
    """Claims."""

    @requires(Role.VIEWER)
    @blueprint.arguments(StaffFilter, location="query")
    @blueprint.response(200, StaffClaimsPage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Claims in the order in which they were made."""
        house = runtime()
        with unit_of_work(house.engine) as session:
            found = listed(
                session,
                state=State(wanted["state"]) if "state" in wanted else None,
                shop_id=wanted.get("shop_id"),
                member_id=wanted.get("member_id"),
                overdue_at=house.clock.now() if wanted.get("overdue") else None,
                after=wanted["cursor"],
                limit=wanted["limit"] + 1,
            )
        return page_of(found, limit=wanted["limit"], cursor=lambda claim: claim.id)


@blueprint.route("/<int:claim_id>")
class OneClaim(MethodView):
    """One of them."""

    @requires(Role.OPERATOR)
    @blueprint.response(200, StaffClaimWhole)
    def get(self, claim_id: int) -> dict[str, Any]:
        """A claim with the member's own words, which are for whoever answers it."""
        house = runtime()
        with unit_of_work(house.engine) as session:
            claim = claim_of(session, claim_id)
            record(session, acting().login, "claim.read", f"claim:{claim_id}")
            whole = {name: getattr(claim, name) for name in StaffClaimSchema().fields}
            note, files = note_of(house.settings.keys, claim), files_of(session, claim_id)
            return whole | {"note": note, "files": files}


@blueprint.route("/<int:claim_id>/files/<int:file_id>")
class OneFile(MethodView):
    """A file that the member sent."""

    @requires(Role.OPERATOR)
    @blueprint.response(
        200, {"type": "string", "format": "binary"}, content_type="application/octet-stream"
    )
    def get(self, claim_id: int, file_id: int) -> Response:
        """Its content, to be saved and not shown: it came from outside."""
        house = runtime()
        with unit_of_work(house.engine) as session:
            content = file_of(session, house.settings.keys, claim_id, file_id)
            record(session, acting().login, "claim.read_file", f"claim:{claim_id}")
        answer = Response(content, mimetype="application/octet-stream")
        answer.headers["Content-Disposition"] = f'attachment; filename="claim-{file_id}"'
        return answer


@blueprint.route("/<int:claim_id>/decide")
class Decision(MethodView):
    """The answer."""

    @requires(Role.OPERATOR)
    @blueprint.arguments(ClaimDecisionSchema)
    @blueprint.response(200, StaffClaimAnswered)
    @blueprint.doc(responses={"409": refusal("Answered already, or nothing to be credited")})
    def post(self, told: dict[str, Any], claim_id: int) -> dict[str, Any]:
        """Answer a claim; CREDITED gives the member the purchase that is nobody's. Beyond what one
        may credit alone it is only asked for: see `proposal`."""
        house, outcome = runtime(), Outcome(told["outcome"])
        with unit_of_work(house.engine) as session:
            claim, asked = answer(
                session,
                house,
                claim_id,
                outcome,
                acting(),
                now=house.clock.now(),
                reason=told["reason"],
                click_id=told.get("click_id"),
            )
            shown = asked and shown_of(session, asked.id, {CREDITING.name: CREDITING})
            columns = {name: getattr(claim, name) for name in StaffClaimSchema().fields}
        return {**columns, "proposal": shown}
