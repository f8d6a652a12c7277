"""`/api/v1/certificates`: what a member orders for what was saved."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from flask import Response
from flask.views import MethodView
from sqlalchemy.orm import Session

from tracker.access.budgets import Budget, give_back, spend
from tracker.access.edge import REAL
from tracker.access.guard import acting_member, signed_in
from tracker.certificates.codes import RANDOM_BITS, grouped
from tracker.certificates.denominations import DENOMINATIONS
from tracker.certificates.models import Certificate
from tracker.certificates.ordering import Wish, order
from tracker.certificates.paper import Paper, certificate_pdf
from tracker.certificates.queries import certificate_of, of_member
from tracker.certificates.rules import TASK, CertificateNotReady, Limits
from tracker.certificates.schemas import (
    PDF,
    CertificateCodeSchema,
    CertificateSchema,
    CertificatesPage,
    CertificatesQuery,
    DenominationsSchema,
    NewOrderSchema,
    OrderedSchema,
    OrderKeySchema,
)
from tracker.certificates.showing import Shown, show
from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.kit.settings import Settings
from tracker.members.rules import Language

CODES_AN_HOUR = 30
"""That a member may be shown, of all certificates: a paper is some work."""

_NO_CODE = {
    "409": refusal("Not issued yet, or over: redeemed, voided, past its day"),
    "429": refusal("Too many codes were asked for"),
}

blueprint = Blueprint(
    "certificates",
    __name__,
    url_prefix="/api/v1/certificates",
    description="Salon certificates, for what was saved",
)


@blueprint.route("")
class Certificates(MethodView):
    """A member's certificates."""

    @signed_in
    @blueprint.arguments(CertificatesQuery, location="query")
    @blueprint.response(200, CertificatesPage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """My certificates, the newest first, whatever became of them."""
        limit = wanted["limit"]
        with unit_of_work(runtime().engine) as session:
            me = acting_member().member_id
            found = of_member(session, me, before=wanted.get("cursor"), limit=limit + 1)
        return page_of(found, limit=limit, cursor=lambda one: one.id)

    @signed_in
    @blueprint.arguments(OrderKeySchema, location="headers")
    @blueprint.arguments(NewOrderSchema)
    @blueprint.response(201, OrderedSchema)
    @blueprint.doc(
        responses={
            "404": refusal("No such goal stands"),
            "409": refusal("Not enough was saved, or the key is that of another order"),
            "422": refusal("No certificate is of this sum; the nearest two are named"),
            "429": refusal("More than may be ordered in a day"),
        }
    )
    def post(self, headers: dict[str, str], told: dict[str, Any]) -> dict[str, Any]:
        """Order a certificate from a goal, or from what is available. Workers issue it at once;
        a member's first ones, if they are large, wait until staff have looked."""
        house = runtime()
        key = headers.get("order_key") or secrets.token_hex(16)
        with unit_of_work(house.engine, "certificates.order") as session:
            me, limits = acting_member().member_id, _limits(house.settings)
            made = order(session, me, Wish(order_key=key, **told), limits, house.clock.now())
        house.nudger.nudge(TASK)
        return {"items": made}


@blueprint.route("/denominations")
class Denominations(MethodView):
    """What there is."""

    @signed_in
    @blueprint.response(200, DenominationsSchema)
    def get(self) -> dict[str, Any]:
        """The sums that certificates are of."""
        return {"items": DENOMINATIONS}


@blueprint.route("/<int:certificate_id>")
class OneCertificate(MethodView):
    """One of them."""

    @signed_in
    @blueprint.response(200, CertificateSchema)
    def get(self, certificate_id: int) -> Certificate:
        """Where a certificate stands."""
        with unit_of_work(runtime().engine) as session:
            return certificate_of(session, certificate_id, acting_member().member_id)


@blueprint.route("/<int:certificate_id>/code")
class Code(MethodView):
    """What the salon takes."""

    @signed_in
    @blueprint.response(200, CertificateCodeSchema)
    @blueprint.doc(responses=_NO_CODE)
    def post(self, certificate_id: int) -> dict[str, Any]:
        """Be told a code, this once: whoever asks again gets another one, and this one is dead."""
        with _one_code(), unit_of_work(runtime().engine, "certificates.show") as session:
            shown = _show(session, certificate_id)
        names = ("id", "amount", "expires_at")
        told = {name: getattr(shown.certificate, name) for name in names}
        return told | {"code": grouped(shown.code)}


@blueprint.route("/<int:certificate_id>/paper")
class OnPaper(MethodView):
    """The same to be printed."""

    @signed_in
    @blueprint.doc(responses={"200": PDF, **_NO_CODE})
    def post(self, certificate_id: int) -> Response:
        """Be told a code as a PDF with a QR, this once; the code before is dead."""
        # Written before the commit: if it cannot be, the code before is still good.
        with _one_code(), unit_of_work(runtime().engine, "certificates.print") as session:
            content = certificate_pdf(_paper(_show(session, certificate_id)))
        answer = Response(content, mimetype="application/pdf")
        name = f'attachment; filename="certificate-{certificate_id}.pdf"'
        answer.headers["Content-Disposition"] = name
        return answer


@contextmanager
def _one_code() -> Iterator[None]:
    """One of the codes that a member may ask for in an hour; to have asked too early costs none."""
    house = runtime()
    subject = str(acting_member().member_id)
    budget = Budget("certificate code member", subject, CODES_AN_HOUR, timedelta(hours=1))
    keys, now = house.settings.keys, REAL.now()
    spend(house.engine, keys, [budget], now)
    try:
        yield
    except CertificateNotReady:
        give_back(house.engine, keys, budget, now)
        raise


def _show(session: Session, certificate_id: int) -> Shown:
    house = runtime()
    keys, me, now = house.settings.keys, acting_member().member_id, house.clock.now()
    return show(session, keys, certificate_id, me, now, chance=secrets.randbits(RANDOM_BITS))


def _paper(shown: Shown) -> Paper:
    one = shown.certificate
    if one.issued_at is None:
        raise ValueError(f"certificate {one.id} was not issued")
    return Paper(
        number=one.id,
        amount=one.amount,
        code_grouped=grouped(shown.code),
        language=Language(one.language),
        issued_at=one.issued_at,
        expires_at=one.expires_at,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        settings.certificate_per_day,
        settings.certificate_sum_per_day,
        settings.certificate_review_from,
    )
