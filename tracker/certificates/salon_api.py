"""`/salon/api/v1`: a salon redeems what a member shows."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import g, request
from flask.views import MethodView

from tracker.access.edge import REAL
from tracker.certificates import misses
from tracker.certificates.models import Salon
from tracker.certificates.redeeming import Receipt, redeem, taken_before
from tracker.certificates.salon_rules import CodeNotAccepted, SalonNotAccepted
from tracker.certificates.salons import recognise
from tracker.certificates.staff_schemas import RedeemedSchema, RedemptionSchema
from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, client_address, runtime

SECURITY: dict[str, Any] = {
    "salon": {"type": "http", "scheme": "bearer", "description": "A key of `tracker salons add`"}
}

P = ParamSpec("P")
R = TypeVar("R")

blueprint = Blueprint(
    "salons",
    __name__,
    url_prefix="/salon/api/v1/certificates",
    description="Where certificates are taken",
)


def _from_a_salon(view: Callable[P, R]) -> Callable[P, R]:
    """Let the request through when it bears the key of a salon that is open."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise SalonNotAccepted
        house = runtime()
        with unit_of_work(house.engine) as session:
            g.salon = recognise(session, house.settings.keys, key.strip())
        return view(*args, **kwargs)

    guarded.for_salons = True  # type: ignore[attr-defined]
    told: Callable[P, R] = Blueprint.doc(
        security=[{name: [] for name in SECURITY}],
        responses={"401": refusal("No key, one that is not accepted, or another salon's")},
    )(guarded)
    return told


@blueprint.route("/redeem")
class Redemption(MethodView):
    """Taking a certificate."""

    @_from_a_salon
    @blueprint.arguments(RedemptionSchema)
    @blueprint.response(200, RedeemedSchema)
    @blueprint.doc(
        responses={
            "404": refusal("Nothing is to be taken by this code, whatever the reason"),
            "409": refusal("It was redeemed by another receipt"),
            "429": refusal("Too many wrong codes: for a while none is looked at"),
        }
    )
    def post(self, told: dict[str, str]) -> dict[str, Any]:
        """Take a certificate, once and in full. By the same receipt again: the same answer."""
        house, salon = runtime(), _salon()
        if told["salon_id"] != salon.slug:
            raise SalonNotAccepted
        keys = house.settings.keys
        whose = (house.engine, keys, salon.slug, client_address())
        receipt = Receipt(told["receipt_id"], salon.id)
        # What this receipt has taken is told whatever happens: its answer may have been lost.
        with unit_of_work(house.engine) as session:
            taken = taken_before(session, keys, told["code"], receipt)
        if taken is None:
            misses.see_left(*whose, REAL.now())
            try:
                with unit_of_work(house.engine, "certificates.redeem") as session:
                    taken = redeem(session, keys, told["code"], receipt, house.clock.now())
            except CodeNotAccepted:
                misses.count(*whose, REAL.now())
                raise
        names = ("id", "amount", "state", "redeemed_at", "receipt_id")
        return {name: getattr(taken, name) for name in names} | {"salon_id": salon.slug}


def _salon() -> Salon:
    found: Salon = g.salon
    return found
