"""`/admin/api/v1/settlements`: the monthly runs, and the second person's word."""

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate
from sqlalchemy import select

from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.members.queries import masked_phones
from tracker.settlement.models import Payout, SettlementRun
from tracker.settlement.queries import run_of, runs
from tracker.settlement.rules import PayoutState
from tracker.settlement.schemas import ApprovalSchema, PayoutSchema, RunSchema
from tracker.settlement.service import approve
from tracker.staff.guard import acting, requires
from tracker.staff.rules import Role

blueprint = Blueprint(
    "settlements", __name__, url_prefix="/admin/api/v1/settlements", description="Monthly runs"
)


class PayoutFilter(Schema):
    """Which payouts of a period."""

    state = fields.String(validate=validate.OneOf([*PayoutState]))
    cursor = fields.Integer(load_default=0)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class PayoutPage(Schema):
    """A page of payouts; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(PayoutSchema))
    next = fields.String(allow_none=True)


@blueprint.route("")
class Runs(MethodView):
    """All runs."""

    @requires(Role.VIEWER)
    @blueprint.response(200, RunSchema(many=True))
    def get(self) -> list[SettlementRun]:
        """All runs, the latest first."""
        with unit_of_work(runtime().engine) as session:
            return runs(session)


@blueprint.route("/<period>")
class Run(MethodView):
    """One run."""

    @requires(Role.VIEWER)
    @blueprint.response(200, RunSchema)
    def get(self, period: str) -> SettlementRun:
        """A period's run: its total and its seal."""
        with unit_of_work(runtime().engine) as session:
            return run_of(session, period)


@blueprint.route("/<period>/approve")
class Approval(MethodView):
    """The second person's word."""

    @requires(Role.APPROVER)
    @blueprint.arguments(ApprovalSchema)
    @blueprint.response(200, RunSchema)
    @blueprint.doc(responses={"409": refusal("Another list, the same person, or not its turn")})
    def post(self, told: dict[str, str], period: str) -> SettlementRun:
        """Approve exactly the sealed list, as another person than the one who prepared it."""
        with unit_of_work(runtime().engine) as session:
            return approve(session, period, told["sha256"], acting().login)


@blueprint.route("/<period>/payouts")
class Payouts(MethodView):
    """The payouts of a run."""

    @requires(Role.VIEWER)
    @blueprint.arguments(PayoutFilter, location="query")
    @blueprint.response(200, PayoutPage)
    def get(self, wanted: dict[str, Any], period: str) -> dict[str, Any]:
        """The payouts of a period, in the order they are sent."""
        query = (
            select(Payout)
            .where(Payout.period == period, Payout.id > wanted["cursor"])
            .order_by(Payout.id)
            .limit(wanted["limit"] + 1)
        )
        if "state" in wanted:
            query = query.where(Payout.state == wanted["state"])
        house = runtime()
        with unit_of_work(house.engine) as session:
            found = list(session.scalars(query))
            phones = masked_phones(session, house.settings.keys, {one.number_id for one in found})
        shown = [_shown(one, phones[one.number_id]) for one in found]
        return page_of(shown, limit=wanted["limit"], cursor=lambda payout: payout["id"])


def _shown(payout: Payout, phone: str) -> dict[str, Any]:
    names = ("id", "member_id", "amount", "state", "reference", "reason")
    return {name: getattr(payout, name) for name in names} | {"phone": phone}
