"""`/admin/api/v1/settlements`: the monthly runs, and the second person's word."""

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate
from sqlalchemy import select

from tracker.kit.database import snapshot, unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.fields import Period
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.members.queries import masked_phones
from tracker.settlement.lists.changes import Picture, picture
from tracker.settlement.lists.preparing import prepare_once
from tracker.settlement.lists.sealed import Differences, differences
from tracker.settlement.models import Payout, SettlementRun
from tracker.settlement.queries import run_of, runs
from tracker.settlement.rules import PayoutState
from tracker.settlement.schemas import (
    ApprovalSchema,
    DifferencesSchema,
    PayoutSchema,
    PictureSchema,
    PreparationSchema,
    RunReasonSchema,
    RunSchema,
    StandingSchema,
)
from tracker.settlement.service import approve, pause, resume, start
from tracker.settlement.standing import APPROVED, Standing, shown_state, standing
from tracker.staff.guard import acting, requires
from tracker.staff.rules import Role

blueprint = Blueprint(
    "settlements", __name__, url_prefix="/admin/api/v1/settlements", description="Monthly runs"
)


class RunsQuery(Schema):
    """Where a page of runs begins."""

    cursor = Period(load_default=None)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class RunsPage(Schema):
    """A page of runs; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(RunSchema))
    next = fields.String(allow_none=True)


class PayoutFilter(Schema):
    """Which payouts of a period."""

    state = fields.String(validate=validate.OneOf([*PayoutState, APPROVED]))
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
    @blueprint.arguments(RunsQuery, location="query")
    @blueprint.response(200, RunsPage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """All runs, the latest first."""
        cursor, limit = wanted["cursor"], wanted["limit"]
        with snapshot(runtime().engine) as session:
            found = runs(session, cursor, limit + 1)
        return page_of(found, limit=limit, cursor=lambda run: run.period)

    @requires(Role.OPERATOR)
    @blueprint.arguments(PreparationSchema)
    @blueprint.response(200, RunSchema)
    @blueprint.doc(responses={"409": refusal("The month has not begun")})
    def post(self, told: dict[str, str]) -> SettlementRun:
        """Draw up and seal a month's list in one's own name. Again, it changes nothing."""
        house = runtime()
        return prepare_once(
            house.engine,
            told["period"],
            house.clock.now(),
            minimum=house.settings.payout_minimum,
            cap=house.settings.payout_cap,
            prepared_by=acting().login,
        )


@blueprint.route("/<period>")
class Run(MethodView):
    """One run."""

    @requires(Role.VIEWER)
    @blueprint.response(200, RunSchema)
    def get(self, period: str) -> SettlementRun:
        """A period's run: its total and its seal."""
        with unit_of_work(runtime().engine) as session:
            return run_of(session, period)


@blueprint.route("/<period>/picture")
class Looking(MethodView):
    """What is to be known of a list before it is approved."""

    @requires(Role.VIEWER)
    @blueprint.response(200, PictureSchema)
    def get(self, period: str) -> Picture:
        """How the list came from last month's, step by step, and the largest changes."""
        with snapshot(runtime().engine) as session:
            return picture(session, period)


@blueprint.route("/<period>/differences")
class Changed(MethodView):
    """What is not as it was sealed."""

    @requires(Role.VIEWER)
    @blueprint.response(200, DifferencesSchema)
    def get(self, period: str) -> Differences:
        """Lines that are not as they were sealed: how many, and the first of them."""
        with snapshot(runtime().engine) as session:
            run_of(session, period)
            return differences(session, period)


@blueprint.route("/<period>/status")
class Progress(MethodView):
    """How a run stands."""

    @requires(Role.VIEWER)
    @blueprint.response(200, StandingSchema)
    def get(self, period: str) -> Standing:
        """The payouts by state, the pace, and what holds the run up."""
        with unit_of_work(runtime().engine) as session:
            return standing(session, period)


@blueprint.route("/<period>/approve")
class Approval(MethodView):
    """The second person's word."""

    @requires(Role.APPROVER)
    @blueprint.arguments(ApprovalSchema)
    @blueprint.response(200, RunSchema)
    @blueprint.doc(responses={"409": refusal("Another list, the same person, or not its turn")})
    def post(self, told: dict[str, str], period: str) -> SettlementRun:
        """Approve exactly the sealed list, as another person than the one who prepared it."""
        with unit_of_work(runtime().engine, "settlement.approve") as session:
            return approve(session, period, told["sha256"], acting())


@blueprint.route("/<period>/start")
class Start(MethodView):
    """Letting a run begin."""

    @requires(Role.OPERATOR)
    @blueprint.response(200, RunSchema)
    @blueprint.doc(responses={"409": refusal("Not approved, or the list was changed")})
    def post(self, period: str) -> SettlementRun:
        """Let the workers deliver an approved run. Again, it changes nothing."""
        with unit_of_work(runtime().engine, "settlement.start") as session:
            return start(session, period, acting().login)


@blueprint.route("/<period>/pause")
class Pause(MethodView):
    """Holding a run up."""

    @requires(Role.OPERATOR)
    @blueprint.arguments(RunReasonSchema)
    @blueprint.response(200, RunSchema)
    @blueprint.doc(responses={"409": refusal("It is not running")})
    def post(self, told: dict[str, str], period: str) -> SettlementRun:
        """Send nothing more of a run; what was sent is still asked about."""
        with unit_of_work(runtime().engine, "settlement.pause") as session:
            return pause(session, period, acting().login, told["reason"])


@blueprint.route("/<period>/resume")
class Resume(MethodView):
    """Letting a run go on."""

    @requires(Role.OPERATOR)
    @blueprint.arguments(RunReasonSchema)
    @blueprint.response(200, RunSchema)
    @blueprint.doc(responses={"409": refusal("It is not paused, or the list was changed")})
    def post(self, told: dict[str, str], period: str) -> SettlementRun:
        """Let a paused run go on, once the operator's statements have been compared."""
        with unit_of_work(runtime().engine, "settlement.resume") as session:
            return resume(session, period, acting().login, told["reason"])


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
            query = query.where(Payout.state == _kept_as(wanted["state"]))
        house = runtime()
        with unit_of_work(house.engine) as session:
            run_state = run_of(session, period).state
            state = wanted.get("state")
            if state is not None and state != shown_state(_kept_as(state), run_state):
                return {"items": [], "next": None}
            found = list(session.scalars(query))
            phones = masked_phones(session, house.settings.keys, {one.number_id for one in found})
        shown = [_shown(one, phones[one.number_id], run_state) for one in found]
        return page_of(shown, limit=wanted["limit"], cursor=lambda payout: payout["id"])


def _kept_as(state: str) -> str:
    return PayoutState.PREPARED if state == APPROVED else state


def _shown(payout: Payout, phone: str, run_state: str) -> dict[str, Any]:
    names = ("id", "member_id", "amount", "reference", "reason")
    state = shown_state(payout.state, run_state)
    return {name: getattr(payout, name) for name in names} | {"phone": phone, "state": state}
