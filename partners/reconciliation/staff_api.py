"""`/admin/api/v1/shops/<slug>/statements`: what a shop says its orders came to, and our word on it.

And `/admin/api/v1/shops/<slug>/statement-format`: how the shop writes it down.
"""

from io import BytesIO
from typing import Any

from flask import request
from flask.views import MethodView

from partners.reconciliation.deciding import Decided, Expected, Say, Which
from partners.reconciliation.desk import (
    Tried,
    decided,
    finished,
    matched_again,
    saved,
    to_try,
    tried,
    uploaded,
    with_part,
)
from partners.reconciliation.models import ShopStatement
from partners.reconciliation.queries import findings, statements
from partners.reconciliation.rules import (
    DECIDABLE,
    MAX_PART,
    TASK,
    UNDECIDED,
    Decision,
    Kind,
    days,
)
from partners.reconciliation.schemas import (
    FILE,
    MAX_SAMPLE_UNPACKED,
    DigestSchema,
    FormatSchema,
    FormatToSave,
    HowToSave,
    PartnerDecidedSchema,
    PartnerDecisionSchema,
    PartnerFindingFilter,
    PartnerFindingPage,
    ShopStatementPage,
    ShopStatementSchema,
    StatementFileSchema,
    StatementFilter,
    TrialSchema,
    TriedSchema,
)
from partners.reconciliation.service import File, begin, format_of, statement_of
from partners.shops.service import find
from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.staff.guard import acting, requires
from tracker.staff.rules import Role

blueprint = Blueprint(
    "statements",
    __name__,
    url_prefix="/admin/api/v1/shops",
    description="Shops' statements against our books",
)

_TOO_LARGE = {"413": refusal(f"The body has more than {MAX_PART:,} bytes: send it in parts")}
_NOT_YOURS = {"403": refusal("Somebody else began it, or one whose role or token is too low")}
_DECIDING = {
    "403": refusal("One's own file where money moves by it, or one whose role is too low for this"),
    "409": refusal("They are not what is expected, its sender has left, or try again"),
}
_NOT_READY = {"409": refusal("It is not so far, or too far already: the detail says which")}


@blueprint.route("/<slug>/statement-format")
class Formats(MethodView):
    """How a shop writes its statements."""

    @requires(Role.VIEWER)
    @blueprint.response(200, FormatSchema)
    @blueprint.doc(responses={"409": refusal("Nobody saved any, and its dialect has none")})
    def get(self, slug: str) -> dict[str, Any]:
        """The format that holds for files from now on."""
        with unit_of_work(runtime().engine) as session:
            found = format_of(session, find(session, slug).id)
        return {"shop": slug, "id": found.id, "format": found.told}

    @requires(Role.ADMIN)
    @blueprint.arguments(HowToSave, location="query")
    @blueprint.arguments(FormatToSave)
    @blueprint.response(200, FormatSchema)
    def put(self, how: dict[str, bool], given: dict[str, Any], slug: str) -> dict[str, Any]:
        """Save a format; files that came before are read as it was then."""
        with unit_of_work(runtime().engine) as session:
            made = saved(session, slug, given["format"], acting().login, only_check=how["check"])
        return {"shop": slug, "id": made.id, "format": made.told}


@blueprint.route("/<slug>/statement-format/try")
class Trials(MethodView):
    """A format on a sample."""

    @requires(Role.OPERATOR)
    @blueprint.arguments(TrialSchema)
    @blueprint.response(200, TriedSchema)
    @blueprint.doc(responses={"409": refusal("Nobody saved any, and its dialect has none")})
    def post(self, given: dict[str, Any], slug: str) -> Tried:
        """Read a sample; nothing is kept of it."""
        with unit_of_work(runtime().engine) as session:
            form = to_try(session, slug, given["format"])
        return tried(form, BytesIO(given["sample"]), MAX_SAMPLE_UNPACKED)


@blueprint.route("/<slug>/statements")
class Statements(MethodView):
    """Statements of a shop."""

    @requires(Role.VIEWER)
    @blueprint.arguments(StatementFilter, location="query")
    @blueprint.response(200, ShopStatementPage)
    def get(self, wanted: dict[str, Any], slug: str) -> dict[str, Any]:
        """Statements in the order in which they came."""
        with unit_of_work(runtime().engine) as session:
            found = statements(
                session,
                find(session, slug).id,
                state=wanted.get("state"),
                after=wanted["cursor"],
                limit=wanted["limit"] + 1,
            )
        return page_of(found, limit=wanted["limit"], cursor=lambda one: one.id)

    @requires(Role.OPERATOR)
    @blueprint.arguments(StatementFileSchema, location="query")
    @blueprint.response(202, ShopStatementSchema)
    @blueprint.doc(**FILE, responses=_TOO_LARGE | _NOT_READY)
    def post(self, told: dict[str, Any], slug: str) -> ShopStatement:
        """Take a file of up to 8 MiB, to be read and matched; the same file again is the same
        statement."""
        raw = _body()
        house = runtime()
        with unit_of_work(house.engine) as session:
            keys = house.settings.keys
            made = uploaded(session, keys, slug, _file(told), raw=raw, who=acting().login)
        house.nudger.nudge(TASK)
        return made


@blueprint.route("/<slug>/statements/parts")
class Uploads(MethodView):
    """Files that come in parts."""

    @requires(Role.OPERATOR)
    @blueprint.arguments(StatementFileSchema)
    @blueprint.response(201, ShopStatementSchema)
    @blueprint.doc(responses=_NOT_READY)
    def post(self, told: dict[str, Any], slug: str) -> ShopStatement:
        """Begin a file of up to 512 MiB."""
        with unit_of_work(runtime().engine) as session:
            return begin(session, find(session, slug).id, _file(told), acting().login)


@blueprint.route("/<slug>/statements/<int:statement_id>/parts/<int:part>")
class Parts(MethodView):
    """A part of a file."""

    @requires(Role.OPERATOR)
    @blueprint.response(200, ShopStatementSchema)
    @blueprint.doc(**FILE, responses=_TOO_LARGE | _NOT_READY | _NOT_YOURS)
    def put(self, slug: str, statement_id: int, part: int) -> ShopStatement:
        """Take a part of up to 8 MiB; they are numbered from 1, and may come in any order."""
        raw = _body()
        house = runtime()
        with unit_of_work(house.engine) as session:
            keys = house.settings.keys
            who = acting().login
            return with_part(session, keys, slug, statement_id, part=part, raw=raw, who=who)


@blueprint.route("/<slug>/statements/<int:statement_id>/finish")
class Finishing(MethodView):
    """The end of a file."""

    @requires(Role.OPERATOR)
    @blueprint.arguments(DigestSchema)
    @blueprint.response(202, ShopStatementSchema)
    @blueprint.doc(
        responses={"409": refusal("A part is missing, or the digest is another's")} | _NOT_YOURS
    )
    def post(self, told: dict[str, str], slug: str, statement_id: int) -> ShopStatement:
        """All parts have come; the statement that the file is already, if it came before."""
        house, sha256 = runtime(), told["sha256"]
        with unit_of_work(house.engine) as session:
            keys = house.settings.keys
            who = acting().login
            made = finished(session, keys, slug, statement_id, sha256=sha256, who=who)
        house.nudger.nudge(TASK)
        return made


@blueprint.route("/<slug>/statements/<int:statement_id>")
class OneStatement(MethodView):
    """One of them."""

    @requires(Role.VIEWER)
    @blueprint.response(200, ShopStatementSchema)
    def get(self, slug: str, statement_id: int) -> ShopStatement:
        """How far it is, what was wrong with it, and what it came to."""
        with unit_of_work(runtime().engine) as session:
            return statement_of(session, find(session, slug).id, statement_id)


@blueprint.route("/<slug>/statements/<int:statement_id>/match")
class Matching(MethodView):
    """Matching anew."""

    @requires(Role.OPERATOR)
    @blueprint.response(202, ShopStatementSchema)
    @blueprint.doc(responses=_NOT_READY)
    def post(self, slug: str, statement_id: int) -> ShopStatement:
        """Hold it against our books as they are now; decisions stay."""
        with unit_of_work(runtime().engine) as session:
            found = matched_again(session, slug, statement_id, acting().login)
        runtime().nudger.nudge(TASK)
        return found


@blueprint.route("/<slug>/statements/<int:statement_id>/findings")
class Found(MethodView):
    """In what it differs from our books."""

    @requires(Role.VIEWER)
    @blueprint.arguments(PartnerFindingFilter, location="query")
    @blueprint.response(200, PartnerFindingPage)
    def get(self, wanted: dict[str, Any], slug: str, statement_id: int) -> dict[str, Any]:
        """Findings in the order in which they were opened."""
        with unit_of_work(runtime().engine) as session:
            found = findings(
                session,
                statement_of(session, find(session, slug).id, statement_id).id,
                kind=wanted.get("kind"),
                state=wanted.get("state"),
                order_id=wanted.get("order_id"),
                after=wanted["cursor"],
                limit=wanted["limit"] + 1,
            )
        return page_of(found, limit=wanted["limit"], cursor=lambda one: one.id)


@blueprint.route("/<slug>/statements/<int:statement_id>/findings/decide")
class Deciding(MethodView):
    """The word of staff."""

    @requires(Role.APPROVER)
    @blueprint.arguments(PartnerDecisionSchema)
    @blueprint.response(200, PartnerDecidedSchema)
    @blueprint.doc(responses=_DECIDING)
    def post(self, given: dict[str, Any], slug: str, statement_id: int) -> Decided:
        """Decide findings that are open or refused: of one kind, or these, or all of them. Whoever
        sent the file does not agree to what moves money by it."""
        house = runtime()
        which = Which(
            Kind(given["kind"]) if given["kind"] else None,
            given["ids"],
            DECIDABLE if given["again"] else UNDECIDED,
        )
        decision = Decision(given["decision"])
        say = Say(decision, given["reason"], acting(), house.clock.now())
        expected = Expected(
            given["expected"], given["expected_commission"], given["expected_cashback"]
        )
        with unit_of_work(house.engine) as session:
            made = decided(session, slug, statement_id, which, say, expected=expected)
        house.nudger.nudge(TASK)
        return made


def _body() -> bytes:
    request.max_content_length = MAX_PART
    return request.get_data()


def _file(told: dict[str, Any]) -> File:
    return File(told["name"], days(told["first"], told["last"]), told["skip_faulty"])
