"""`/admin/api/v1/certificates`: what finance looks for, and what staff decide."""

from typing import Any

from flask import Response
from flask.views import MethodView

from tracker.audit.service import record
from tracker.certificates import searching, voiding
from tracker.certificates.exporting import pieces, written
from tracker.certificates.rules import TASK, CertificateState
from tracker.certificates.searching import Search
from tracker.certificates.staff_schemas import (
    CSV,
    CertificateFilter,
    CertificateReasonSchema,
    CertificateSearch,
    CertificateVoidSchema,
    CertificateVoidsPage,
    StaffCertificatesPage,
    StaffCertificateWhole,
    VoidApprovalSchema,
    VoidSearch,
)
from tracker.kit.database import snapshot, unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.proposals.rules import State
from tracker.staff.guard import acting, requires
from tracker.staff.rules import Role

blueprint = Blueprint(
    "staff certificates",
    __name__,
    url_prefix="/admin/api/v1/certificates",
    description="Salon certificates",
)

_ANOTHER = {
    "403": refusal("Of the person who asked for it, or of somebody who is not approver, nor more"),
    "409": refusal("It was decided already, or a salon was faster"),
}


@blueprint.route("")
class Certificates(MethodView):
    """Certificates."""

    @requires(Role.VIEWER)
    @blueprint.arguments(CertificateSearch, location="query")
    @blueprint.response(200, StaffCertificatesPage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Certificates in the order in which they were ordered."""
        cursor, limit = wanted.pop("cursor"), wanted.pop("limit")
        with unit_of_work(runtime().engine) as session:
            found = searching.listed(session, _search(wanted), after=cursor, limit=limit + 1)
        return page_of(found, limit=limit, cursor=lambda one: one["id"])


@blueprint.route("/export")
class Export(MethodView):
    """All of them as a file."""

    @requires(Role.OPERATOR)
    @blueprint.arguments(CertificateFilter, location="query")
    @blueprint.response(200, CSV, content_type="text/csv")
    def get(self, wanted: dict[str, Any]) -> Response:
        """Those certificates as CSV, as they stand in one moment. It is noted who asked."""
        house = runtime()
        with unit_of_work(house.engine) as session:
            asked = {name: str(value) for name, value in wanted.items()}
            record(session, acting().login, "certificate.export", "certificates", after=asked)
        with snapshot(house.engine) as session:
            file = written(searching.every(session, _search(wanted)))
        answer = Response(pieces(file), mimetype="text/csv")
        answer.headers["Content-Disposition"] = 'attachment; filename="certificates.csv"'
        answer.call_on_close(file.close)
        return answer


@blueprint.route("/<int:certificate_id>")
class OneCertificate(MethodView):
    """One of them."""

    @requires(Role.VIEWER)
    @blueprint.response(200, StaffCertificateWhole)
    def get(self, certificate_id: int) -> searching.Row:
        """Where a certificate stands, who took it, and what was asked about it."""
        with unit_of_work(runtime().engine) as session:
            return searching.whole(session, certificate_id)


@blueprint.route("/<int:certificate_id>/void")
class Voiding(MethodView):
    """Undoing one that no salon has taken."""

    @requires(Role.OPERATOR)
    @blueprint.arguments(CertificateReasonSchema)
    @blueprint.response(200, StaffCertificateWhole)
    @blueprint.doc(
        responses={"409": refusal("Redeemed or voided already, or a void waits for its approval")}
    )
    def post(self, told: dict[str, str], certificate_id: int) -> searching.Row:
        """Give the money back. Above the limit it is only asked for: see `voids` in the answer."""
        house = runtime()
        with unit_of_work(house.engine, "certificates.void") as session:
            voiding.void(session, house, certificate_id, acting(), told["reason"])
            return searching.whole(session, certificate_id)


@blueprint.route("/<int:certificate_id>/release")
class Release(MethodView):
    """The word of staff."""

    @requires(Role.OPERATOR)
    @blueprint.arguments(CertificateReasonSchema)
    @blueprint.response(200, StaffCertificateWhole)
    @blueprint.doc(responses={"409": refusal("It does not wait for it")})
    def post(self, told: dict[str, str], certificate_id: int) -> searching.Row:
        """Let a certificate pass the review: it is issued."""
        house = runtime()
        with unit_of_work(house.engine, "certificates.release") as session:
            voiding.release(session, certificate_id, acting().login, told["reason"])
            shown = searching.whole(session, certificate_id)
        house.nudger.nudge(TASK)
        return shown


@blueprint.route("/voids")
class Voids(MethodView):
    """What one person asked for."""

    @requires(Role.VIEWER)
    @blueprint.arguments(VoidSearch, location="query")
    @blueprint.response(200, CertificateVoidsPage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Voids in the order in which they were asked for."""
        state = State(wanted["state"]) if "state" in wanted else None
        limit = wanted["limit"]
        with unit_of_work(runtime().engine) as session:
            found = searching.voids(session, state, after=wanted["cursor"], limit=limit + 1)
        return page_of(found, limit=limit, cursor=lambda one: one["id"])


@blueprint.route("/voids/<int:void_id>/approve")
class Approval(MethodView):
    """The second person's word."""

    @requires(Role.APPROVER)
    @blueprint.arguments(VoidApprovalSchema)
    @blueprint.response(200, CertificateVoidSchema)
    @blueprint.doc(responses=_ANOTHER | {"410": refusal("Nobody decided about it in time")})
    def post(self, told: dict[str, str], void_id: int) -> searching.Row:
        """Agree, as another person than the one who asked: the member has the money back."""
        house = runtime()
        with unit_of_work(house.engine, "certificates.approve") as session:
            outcome = voiding.approve(session, house, void_id, acting(), **told)
            shown = searching.void_row(session, void_id)
        outcome.see_that_it_was_done()
        return shown


@blueprint.route("/voids/<int:void_id>/reject")
class Rejection(MethodView):
    """The second person's no."""

    @requires(Role.APPROVER)
    @blueprint.arguments(CertificateReasonSchema)
    @blueprint.response(200, CertificateVoidSchema)
    @blueprint.doc(responses=_ANOTHER)
    def post(self, told: dict[str, str], void_id: int) -> searching.Row:
        """Refuse, as another person than the one who asked: the certificate stays as it is."""
        with unit_of_work(runtime().engine, "certificates.reject") as session:
            voiding.reject(session, void_id, acting(), told["reason"])
            return searching.void_row(session, void_id)


def _search(wanted: dict[str, Any]) -> Search:
    chosen = dict(wanted)
    if "state" in chosen:
        chosen["state"] = CertificateState(chosen["state"])
    return Search(**chosen | {"moment": searching.Moment(chosen["moment"])})
