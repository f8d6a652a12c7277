"""`/api/v1/me/export` and `/api/v1/me/erasure`: a member's own data, to be had and to be erased."""

import json
from datetime import timedelta
from typing import Any

from flask import Response
from flask.views import MethodView
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from tracker.access import budgets, codes
from tracker.access.changes.asking import see_password_if_any
from tracker.access.cookies import FORGOTTEN, forget_session
from tracker.access.edge import REAL, ask, see_right, spend_guess
from tracker.access.guard import acting_member, signed_in
from tracker.access.reach import takes_codes
from tracker.access.rules import Purpose
from tracker.access.told import CODE
from tracker.kit.database import snapshot, unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.fields import Rubles
from tracker.kit.http import Blueprint, runtime
from tracker.members.queries import emails_of, phones_of
from tracker.members.rules import Language
from tracker.members.service import find
from tracker.privacy.erasure import erase, see_that_it_is_known, what_is_lost
from tracker.privacy.export import ShopNames, export
from tracker.privacy.rules import NoWayToAsk

_EXPORTS = 10
_DAY = timedelta(days=1)

_REFUSALS: dict[str, Any] = {
    "409": refusal("A payment is on its way, the sums differ, or a code is no longer good"),
    "429": refusal("Asked too often or too soon"),
}


class AskErasure(Schema):
    """The member's password, of whoever has one."""

    password = fields.String(validate=validate.Length(1, 200))


class ErasureSchema(Schema):
    """A code is on its way to the member."""

    gives_up = Rubles(
        required=True, metadata={"description": "What the member loses: available and pending"}
    )
    expires_at = fields.AwareDateTime(format="iso", required=True)
    resend_after = fields.AwareDateTime(format="iso", required=True)


class ConfirmErasure(Schema):
    """The code, and what the member knows to be lost."""

    code = fields.String(required=True, validate=CODE)
    gives_up = Rubles(required=True)


def build(shops: ShopNames) -> Blueprint:
    """The routes, over the shops' names."""
    blueprint = Blueprint(
        "privacy", __name__, url_prefix="/api/v1/me", description="A member's own data"
    )

    @blueprint.route("/export")
    class Export(MethodView):
        """All that is kept of the member."""

        @signed_in
        @blueprint.response(200, {"type": "object"})
        @blueprint.doc(responses={"429": refusal("Asked too often")})
        def get(self) -> Response:
            """All that is kept of the member, as a file of JSON; ten times a day."""
            house = runtime()
            me = acting_member().member_id
            asked = budgets.Budget("export member", str(me), _EXPORTS, _DAY)
            budgets.spend(house.engine, house.settings.keys, [asked], REAL.now())
            with snapshot(house.engine) as session:
                found = export(session, house.settings.keys, me, shops)
            answer = Response(json.dumps(found, ensure_ascii=False), mimetype="application/json")
            answer.headers["Content-Disposition"] = 'attachment; filename="cashback-club.json"'
            return answer

    _add_erasure(blueprint)
    return blueprint


def _add_erasure(blueprint: Blueprint) -> None:
    @blueprint.route("/erasure")
    class Erasure(MethodView):
        """The end."""

        @signed_in
        @blueprint.arguments(AskErasure)
        @blueprint.response(202, ErasureSchema)
        @blueprint.doc(responses=_REFUSALS)
        def post(self, told: dict[str, str]) -> dict[str, Any]:
            """Ask for a code, and read what is lost. By the password as well, if there is one."""
            house = runtime()
            me = acting_member().member_id
            see_password_if_any(told.get("password"))
            with unit_of_work(house.engine) as session:
                lost, language, to = _lost(session, me)
            asked = ask(Purpose.ERASURE, _flow(), to, language)
            times = {"expires_at": asked.expires_at, "resend_after": asked.resend_after}
            return {"gives_up": lost, **times}

    @blueprint.route("/erasure/confirm")
    class Confirmation(MethodView):
        """The member's last word."""

        @signed_in
        @blueprint.arguments(ConfirmErasure)
        @blueprint.response(204, headers=FORGOTTEN)
        @blueprint.doc(responses=_REFUSALS)
        def post(self, told: dict[str, Any]) -> Response:
            """Erase all that names the member. It cannot be taken back."""
            house = runtime()
            keys, me = house.settings.keys, acting_member().member_id
            with unit_of_work(house.engine) as session:
                see_that_it_is_known(session, me, told["gives_up"])  # or the code would be used up
            spend_guess()
            with unit_of_work(house.engine) as session:
                verdict = codes.answer(
                    session, keys, Purpose.ERASURE, _flow(), told["code"], REAL.now()
                )
            see_right(code=verdict)
            with unit_of_work(house.engine) as session:
                erase(session, me, told["gives_up"], house.clock.now())
            return forget_session(Response(status=204))


def _lost(session: Session, member_id: int) -> tuple[int, Language, codes.Destination]:
    """What is lost, and where the code goes. Raises PaymentOnItsWay and NoWayToAsk."""
    keys = runtime().settings.keys
    language = Language(find(session, member_id).language)
    phone = phones_of(session, keys, [member_id]).get(member_id)
    email = emails_of(session, keys, [member_id]).get(member_id)
    if phone is None and email is None:
        raise NoWayToAsk
    if phone and (email is None or takes_codes(phone, runtime().settings.sms_countries)):
        to = codes.Destination(phone=phone)
    else:
        to = codes.Destination(email=email)
    return what_is_lost(session, member_id), language, to


def _flow() -> str:
    """The code is good for this session alone."""
    me = acting_member()
    return f"erasure of member {me.member_id} by session {me.session_id}"
