"""`/admin/api/v1/periods`: months of the books."""

from typing import Any

from flask import Response
from flask.views import MethodView

from tracker.certificates.exporting import pieces
from tracker.kit.database import snapshot, unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.periods.acts import CLOSING, payload_of
from tracker.periods.models import PeriodCheck
from tracker.periods.queries import months, periods
from tracker.periods.rules import TASK
from tracker.periods.schemas import (
    ClosingSchema,
    PeriodCheckSchema,
    PeriodSchema,
    PeriodsQuery,
    PeriodsSchema,
)
from tracker.periods.service import ask_for_check, see_that_it_is_next
from tracker.periods.views import one_of, shown, written
from tracker.proposals.queries import Row, shown_of
from tracker.proposals.schemas import ProposalSchema
from tracker.proposals.service import Wish, propose
from tracker.staff.guard import acting, requires
from tracker.staff.rules import Role

blueprint = Blueprint(
    "periods", __name__, url_prefix="/admin/api/v1/periods", description="Months of the books"
)
_CSV = {"type": "string", "format": "binary"}
_NOT_NOW = {"409": refusal("It is not over, not the next one, not checked, or closed already")}


@blueprint.route("")
class Periods(MethodView):
    """Months."""

    @requires(Role.VIEWER)
    @blueprint.arguments(PeriodsQuery, location="query")
    @blueprint.response(200, PeriodsSchema)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Every month that has something in its books, in order."""
        cursor, limit = wanted["cursor"], wanted["limit"]
        with snapshot(runtime().engine) as session:
            page = page_of(
                periods(session, cursor, limit + 1), limit=limit, cursor=lambda period: period
            )
            return {**page, "items": [shown(one) for one in months(session, page["items"])]}


@blueprint.route("/<period>")
class OnePeriod(MethodView):
    """One of them."""

    @requires(Role.VIEWER)
    @blueprint.response(200, PeriodSchema)
    def get(self, period: str) -> dict[str, Any]:
        """A month: whether it is closed, what stands in the way, the seals of its documents."""
        with snapshot(runtime().engine) as session:
            return one_of(session, period)


@blueprint.route("/<period>/check")
class Check(MethodView):
    """Looking whether it may be closed."""

    @requires(Role.OPERATOR)
    @blueprint.response(202, PeriodCheckSchema)
    @blueprint.doc(responses=_NOT_NOW)
    def post(self, period: str) -> PeriodCheck:
        """Have a worker prove all books and look whether the month may be closed."""
        house = runtime()
        with unit_of_work(house.engine) as session:
            asked = ask_for_check(session, period, acting().login, house.clock.now())
        house.nudger.nudge(TASK)
        return asked


@blueprint.route("/<period>/close")
class Closing(MethodView):
    """Closing it."""

    @requires(Role.OPERATOR)
    @blueprint.arguments(ClosingSchema)
    @blueprint.response(202, ProposalSchema)
    @blueprint.doc(responses=_NOT_NOW)
    def post(self, told: dict[str, str], period: str) -> Row:
        """Propose that the month be closed; another person approves the proposal."""
        house = runtime()
        with unit_of_work(house.engine) as session:
            see_that_it_is_next(session, period, house.clock.now())
            subject = f"period:{period}"
            wish = Wish(
                payload=payload_of(period), subject=subject, reason=told["reason"], slot=subject
            )
            one = propose(session, house, CLOSING, wish, acting())
            return shown_of(session, one.id, {CLOSING.name: CLOSING})


@blueprint.route("/<period>/documents/<document>")
class Document(MethodView):
    """Its documents."""

    @requires(Role.VIEWER)
    @blueprint.response(200, _CSV, content_type="text/csv")
    @blueprint.doc(responses={"409": refusal("It does not come out as it was sealed")})
    def get(self, period: str, document: str) -> Response:
        """A document of a closed month, made anew, to the byte as it was sealed."""
        with snapshot(runtime().engine) as session:
            file = written(session, period, document)
        answer = Response(pieces(file), mimetype="text/csv")
        name = f'attachment; filename="{period}-{document}.csv"'
        answer.headers["Content-Disposition"] = name
        answer.call_on_close(file.close)
        return answer
