"""`/api/v1/joining`: from a number to a member, step by step; and the captcha before it."""

from typing import Any

from flask import Response, jsonify, request
from flask.views import MethodView

from tracker.access import captcha, codes, passwords
from tracker.access.cookies import REMEMBERED, device_of, remember_session, touch_of
from tracker.access.edge import REAL, nudge, see_right, spend_guess, spend_message, trust
from tracker.access.guard import see_that_it_is_ours
from tracker.access.joining import service
from tracker.access.joining.schemas import (
    Begin,
    BegunSchema,
    ChallengeSchema,
    Code,
    Email,
    JoinedSchema,
    Password,
    Token,
    WaySchema,
)
from tracker.access.joining.service import Ending, NumberIsAMembers, ReferrerOf, Way
from tracker.access.password_rules import check
from tracker.access.rules import Kind, Purpose, Step
from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, runtime
from tracker.members.rules import normal_email, normal_phone

_NONE = refusal("Nobody joins by this token, or not any more")
_NOT_NEXT = refusal("Another step is next, or the code is no longer good")
_WRONG = refusal("The code is wrong, or a field is")
_TOO_OFTEN = refusal("Too soon or too often; the same for members' numbers and all others")

_GUESSED = {
    "404": _NONE,
    "409": _NOT_NEXT,
    "422": _WRONG,
    "429": refusal("Too many wrong codes from here"),
}


def build(referrer_of: ReferrerOf) -> Blueprint:
    """The routes; ``referrer_of`` tells whose link somebody came by."""
    blueprint = Blueprint(
        "joining", __name__, url_prefix="/api/v1", description="Becoming a member"
    )
    _begin(blueprint)
    _codes(blueprint)
    _email(blueprint)
    _end(blueprint, referrer_of)
    return blueprint


def _begin(blueprint: Blueprint) -> None:
    @blueprint.route("/captcha")
    class Captcha(MethodView):
        """The captcha."""

        @blueprint.response(200, ChallengeSchema)
        def get(self) -> dict[str, Any]:
            """A challenge for the device that is going to ask for a code. Good for ten minutes."""
            settings = runtime().settings
            return captcha.challenge(settings.keys, REAL.now(), work=settings.captcha_work)

    @blueprint.route("/joining")
    class Joining(MethodView):
        """A joining."""

        @blueprint.arguments(Begin)
        @blueprint.response(202, BegunSchema)
        @blueprint.doc(responses={"429": _TOO_OFTEN})
        def post(self, body: dict[str, Any]) -> dict[str, Any]:
            """Begin by a number; a code goes out to it. A member's is told so by SMS instead."""
            house = runtime()
            keys = house.settings.keys
            phone = normal_phone(body["phone"])
            with unit_of_work(house.engine) as session:
                captcha.use(session, keys, body["captcha"], REAL.now())
            spend_message(codes.Destination(phone=phone))
            with unit_of_work(house.engine) as session:
                token, way = service.begin(
                    session,
                    keys,
                    phone,
                    REAL.now(),
                    language=body["language"],
                    referral=body.get("referral") or touch_of(request),
                )
            nudge()
            return _shown(way) | {"joining": token}

    @blueprint.route("/joining/state")
    class State(MethodView):
        """How far a joining has come."""

        @blueprint.arguments(Token)
        @blueprint.response(200, WaySchema)
        @blueprint.doc(responses={"404": _NONE})
        def post(self, body: dict[str, Any]) -> dict[str, Any]:
            """Which step is next: for whoever comes back after a pause."""
            return _state(body["joining"])


def _codes(blueprint: Blueprint) -> None:
    @blueprint.route("/joining/resend")
    class Resend(MethodView):
        """Another code."""

        @blueprint.arguments(Token)
        @blueprint.response(202, WaySchema)
        @blueprint.doc(responses={"404": _NONE, "409": _NOT_NEXT, "429": _TOO_OFTEN})
        def post(self, body: dict[str, Any]) -> dict[str, Any]:
            """Send the code that is next once more: another one, the one before is void."""
            house = runtime()
            keys, token = house.settings.keys, body["joining"]
            with unit_of_work(house.engine) as session:
                purpose, to = service.awaited(session, keys, token, REAL.now())
                codes.see_pause(session, keys, purpose, token, REAL.now())
            spend_message(to)
            with unit_of_work(house.engine) as session:
                service.ask_again(session, keys, token, REAL.now())
            nudge()
            return _state(token)

    @blueprint.route("/joining/phone-code")
    class PhoneCode(MethodView):
        """The number's code."""

        @blueprint.arguments(Code)
        @blueprint.response(200, WaySchema)
        @blueprint.doc(responses=_GUESSED)
        def post(self, body: dict[str, Any]) -> dict[str, Any]:
            """Prove the number. Five guesses, then another code has to be asked for."""
            house = runtime()
            _spend_guess(body["joining"], Step.PHONE_CODE)
            with unit_of_work(house.engine) as session:
                proof = service.prove_phone(
                    session,
                    house.settings.keys,
                    body["joining"],
                    body["code"],
                    REAL.now(),
                    house.clock.now(),
                    trust=trust(),
                )
            if proof.taken:
                raise NumberIsAMembers
            see_right(code=proof.verdict)
            return _state(body["joining"])

    @blueprint.route("/joining/email-code")
    class EmailCode(MethodView):
        """The address's code."""

        @blueprint.arguments(Code)
        @blueprint.response(200, WaySchema)
        @blueprint.doc(responses=_GUESSED)
        def post(self, body: dict[str, Any]) -> dict[str, Any]:
            """Prove the address."""
            house = runtime()
            keys, token = house.settings.keys, body["joining"]
            _spend_guess(token, Step.EMAIL_CODE)
            with unit_of_work(house.engine) as session:
                verdict = service.prove_email(
                    session, keys, token, body["code"], REAL.now(), house.clock.now()
                )
            see_right(code=verdict)
            return _state(token)


def _spend_guess(token: str, step: Step) -> None:
    """Raises JoiningNotFound and AnotherStepIsNext, which cost nothing, and BudgetUsedUp."""
    house = runtime()
    with unit_of_work(house.engine) as session:
        service.see_step(session, house.settings.keys, token, REAL.now(), step)
    spend_guess()


def _email(blueprint: Blueprint) -> None:
    @blueprint.route("/joining/email")
    class Address(MethodView):
        """The address."""

        @blueprint.arguments(Email)
        @blueprint.response(202, WaySchema)
        @blueprint.doc(responses={"404": _NONE, "409": _NOT_NEXT, "429": _TOO_OFTEN})
        def post(self, body: dict[str, Any]) -> dict[str, Any]:
            """Name an address, or another one instead; a code goes out to it."""
            house = runtime()
            keys, token = house.settings.keys, body["joining"]
            email = normal_email(body["email"])
            with unit_of_work(house.engine) as session:
                service.see_step(session, keys, token, REAL.now(), Step.EMAIL, Step.EMAIL_CODE)
                codes.see_pause(session, keys, Purpose.JOINING_EMAIL, token, REAL.now())
            spend_message(codes.Destination(email=email))
            with unit_of_work(house.engine) as session:
                way = service.give_email(session, keys, token, email, REAL.now())
            nudge()
            return _shown(way)


def _end(blueprint: Blueprint, referrer_of: ReferrerOf) -> None:
    @blueprint.route("/joining/password")
    class LastStep(MethodView):
        """The password, and the end."""

        @blueprint.arguments(Password)
        @blueprint.response(201, JoinedSchema, headers=REMEMBERED)
        @blueprint.doc(
            responses={
                "403": refusal("Sent by a page of another site"),
                "404": _NONE,
                "409": refusal("Another step is next, or the number is a member's by now"),
                "422": refusal("The password is not usable, or a field is wrong"),
            }
        )
        def post(self, body: dict[str, Any]) -> Response:
            """Become a member, signed in on this device. A greeting goes out."""
            house = runtime()
            keys, token = house.settings.keys, body["joining"]
            if body["kind"] is Kind.BROWSER:
                see_that_it_is_ours(request)
            with unit_of_work(house.engine) as session:
                service.see_step(session, keys, token, REAL.now(), Step.PASSWORD)
            check(body["password"], body.get("birth_date"))
            device = device_of(request, body["kind"], body.get("device"))
            # No connection is held for as long as this takes.
            kept = passwords.hash_password(body["password"])
            ending = Ending(
                password_hash=kept,
                device=device,
                remembered=body["remember_me"],
                trust=trust(),
                referrer_of=referrer_of,
            )
            now = house.clock.now()
            with unit_of_work(house.engine) as session:
                joined = service.finish(session, keys, token, REAL.now(), now, ending)
            nudge()
            said: dict[str, Any] = {
                "step": Step.DONE,
                "session_id": joined.opened.id,
                "expires_at": joined.opened.expires_at.isoformat(),
            }
            if device.kind is Kind.APP:
                return _created(said | {"token": joined.opened.token})
            return remember_session(_created(said), joined.opened, device)


def _created(said: dict[str, Any]) -> Response:
    answer = jsonify(said)
    answer.status_code = 201
    return answer


def _state(token: str) -> dict[str, Any]:
    house = runtime()
    with unit_of_work(house.engine) as session:
        return _shown(service.way(session, house.settings.keys, token, REAL.now()))


def _shown(way: Way) -> dict[str, Any]:
    said: dict[str, Any] = {"step": way.step, "expires_at": way.expires_at}
    if way.code:
        said |= {"code_expires_at": way.code.expires_at, "resend_after": way.code.resend_after}
    return said
