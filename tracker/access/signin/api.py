"""`/api/v1/sign-in`: by a password, or by a code and perhaps a second proof."""

from datetime import datetime
from typing import Any

from flask import Response, request
from flask.views import MethodView
from sqlalchemy.orm import Session

from tracker.access import captcha, codes, passwords
from tracker.access.cookies import REMEMBERED, device_of, has_own_name
from tracker.access.edge import (
    REAL,
    ask,
    nudge,
    see_right,
    spend_guess,
    spend_notice,
    spend_try,
    trust,
)
from tracker.access.guard import see_that_it_is_ours
from tracker.access.rules import Purpose
from tracker.access.sessions import Device, Opened, was_signed_in_on
from tracker.access.signin.answers import REFUSALS, UNREADABLE, old_token, signed_in_as
from tracker.access.signin.rules import FLOW, AskSupport, SignInRefused, StepUp
from tracker.access.signin.schemas import (
    CodeAnswer,
    CodeWanted,
    FlowSchema,
    PasswordSignIn,
    SignedInSchema,
    StepUpAnswer,
    StepUpCodeWanted,
)
from tracker.access.signin.service import (
    begin_session,
    is_still_the_password,
    member_named,
    prove_number,
    proved_address,
    proved_by_code,
)
from tracker.access.tickets import (
    Ticket,
    TicketNotAccepted,
    Value,
    new_ticket,
    open_ticket,
    seal_ticket,
)
from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, runtime
from tracker.members.rules import normal_email, normal_phone

blueprint = Blueprint("sign-in", __name__, url_prefix="/api/v1/sign-in", description="Signing in")

BY_CODE = "sign-in by a code"
STEP_UP = "sign-in, second proof"


@blueprint.route("/password")
class ByPassword(MethodView):
    """Sign-in by a password."""

    @blueprint.arguments(PasswordSignIn)
    @blueprint.response(200, SignedInSchema, headers=REMEMBERED)
    @blueprint.doc(responses=REFUSALS)
    def post(self, body: dict[str, Any]) -> Response:
        """By number or address, and password. The same answer for nobody and a wrong password."""
        house = runtime()
        see_that_it_is_ours(request)
        phone = normal_phone(body["phone"]) if "phone" in body else None
        email = normal_email(body["email"]) if "email" in body else None
        device = device_of(request, body["kind"], body.get("device"))
        spend_try(phone or email or "", _known(device, phone=phone, email=email))
        with unit_of_work(house.engine) as session:
            member = member_named(session, house.settings.keys, phone=phone, email=email)
            known = passwords.hash_of(session, member)
        # No connection is held for as long as this takes.
        if not passwords.verify(known, body["password"]) or member is None or known is None:
            raise SignInRefused
        spend_notice(member)
        with unit_of_work(house.engine) as session:
            if not is_still_the_password(session, member, known):
                raise SignInRefused
            opened = _begin(session, member, device, body)
        nudge()
        return signed_in_as(opened, device)


@blueprint.route("/code")
class Code(MethodView):
    """A code for signing in."""

    @blueprint.arguments(CodeWanted)
    @blueprint.response(202, FlowSchema)
    @blueprint.doc(
        responses=UNREADABLE | {"429": refusal("Asked too often: by the number, or from here")}
    )
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Ask for a code by SMS. It goes out when the number is a member's; nobody is told."""
        house = runtime()
        phone = normal_phone(body["phone"])
        with unit_of_work(house.engine) as session:
            captcha.use(session, house.settings.keys, body["captcha"], REAL.now())
        ticket = new_ticket({"phone": phone}, REAL.now(), FLOW)
        to = codes.Destination(phone=phone)
        asked = ask(Purpose.SIGN_IN, ticket.id, to, body["language"])
        return _on_its_way(BY_CODE, ticket, asked)


@blueprint.route("/code/answer")
class CodeAnswered(MethodView):
    """The code that came."""

    @blueprint.arguments(CodeAnswer)
    @blueprint.response(200, SignedInSchema, headers=REMEMBERED)
    @blueprint.doc(responses=REFUSALS)
    def post(self, body: dict[str, Any]) -> Response | dict[str, Any]:
        """Sign in by the code; or hear what else is to be proved, if the number is not enough."""
        house = runtime()
        see_that_it_is_ours(request)
        keys = house.settings.keys
        ticket = open_ticket(keys, BY_CODE, body["sign_in"], REAL.now())
        phone = ticket.text("phone")
        device = device_of(request, body["kind"], body.get("device"))
        found: int | StepUp | None = None
        opened = None
        spend_guess()
        with unit_of_work(house.engine) as session:
            verdict = codes.answer(
                session, keys, Purpose.SIGN_IN, ticket.id, body["code"], REAL.now()
            )
            if verdict is codes.Verdict.RIGHT:
                found = proved_by_code(session, keys, phone, house.clock.now(), trust())
            if isinstance(found, int):
                opened = _begin(session, found, device, body)
        see_right(code=verdict)
        if isinstance(found, StepUp):
            return _second_proof(found, phone)
        if opened is None:
            raise codes.CodeWrong(fields={"code": "wrong"})
        nudge()
        return signed_in_as(opened, device)


@blueprint.route("/step-up/code")
class StepUpCode(MethodView):
    """A code to the member's address."""

    @blueprint.arguments(StepUpCodeWanted)
    @blueprint.response(202, FlowSchema)
    @blueprint.doc(
        responses=UNREADABLE
        | {
            "409": refusal("Begun too long ago, or not at all"),
            "429": refusal("Asked too often, or too soon"),
        }
    )
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Ask for the code by e-mail, after the step `email_code`."""
        house = runtime()
        keys = house.settings.keys
        ticket = open_ticket(keys, STEP_UP, body["sign_in"], REAL.now())
        with unit_of_work(house.engine) as session:
            found = proved_address(session, keys, ticket.number("member"))
        if found is None:
            raise TicketNotAccepted
        email, language = found
        asked = ask(Purpose.STEP_UP_EMAIL, ticket.id, codes.Destination(email=email), language)
        return _on_its_way(STEP_UP, ticket, asked)


@blueprint.route("/step-up")
class SecondProof(MethodView):
    """The second proof."""

    @blueprint.arguments(StepUpAnswer)
    @blueprint.response(200, SignedInSchema, headers=REMEMBERED)
    @blueprint.doc(responses=REFUSALS)
    def post(self, body: dict[str, Any]) -> Response:
        """Sign in by the code from the letter, or by the password."""
        house = runtime()
        see_that_it_is_ours(request)
        keys = house.settings.keys
        ticket = open_ticket(keys, STEP_UP, body["sign_in"], REAL.now())
        device = device_of(request, body["kind"], body.get("device"))
        known = _matched(ticket, body["password"], device) if "password" in body else None
        verdict = codes.Verdict.RIGHT
        opened = None
        if "code" in body:
            spend_guess()
        with unit_of_work(house.engine) as session:
            if known is not None and not is_still_the_password(
                session, ticket.number("member"), known
            ):
                raise SignInRefused
            if "code" in body:
                verdict = codes.answer(
                    session, keys, Purpose.STEP_UP_EMAIL, ticket.id, body["code"], REAL.now()
                )
            if verdict is codes.Verdict.RIGHT and _proves(session, ticket, house.clock.now()):
                opened = _begin(session, ticket.number("member"), device, body)
        if "code" in body:
            see_right(code=verdict)
        if opened is None:
            raise TicketNotAccepted
        nudge()
        return signed_in_as(opened, device)


def _begin(session: Session, member_id: int, device: Device, body: dict[str, Any]) -> Opened:
    house = runtime()
    return begin_session(
        session,
        house.settings.keys,
        member_id,
        device,
        REAL.now(),
        house.clock.now(),
        remembered=body["remember_me"],
        instead_of=old_token(),
    )


def _on_its_way(purpose: str, ticket: Ticket, asked: codes.Asked) -> dict[str, Any]:
    return {
        "sign_in": seal_ticket(runtime().settings.keys, purpose, ticket),
        "expires_at": asked.expires_at,
        "resend_after": asked.resend_after,
    }


def _second_proof(found: StepUp, phone: str) -> dict[str, Any]:
    """What to prove next; nothing of whose account it is. Raises AskSupport."""
    if found.step is None:
        raise AskSupport
    values: dict[str, Value] = {
        "phone": phone,
        "member": found.member_id,
        "number": found.number_id,
        "proved_at": found.proved_at.isoformat() if found.proved_at else None,
    }
    ticket = new_ticket(values, REAL.now(), FLOW)
    return {
        "step": found.step,
        "sign_in": seal_ticket(runtime().settings.keys, STEP_UP, ticket),
        "expires_at": ticket.expires_at,
    }


def _proves(session: Session, ticket: Ticket, today: datetime) -> bool:
    """Both are proved now: that is noted, once."""
    before = ticket.values["proved_at"]
    moment = None if before is None else datetime.fromisoformat(str(before))
    return prove_number(session, ticket.number("number"), moment, today)


def _known(device: Device, *, phone: str | None = None, email: str | None = None) -> str | None:
    """A device's name, where the member named so was signed in on it before.

    As much is looked up for a number or address of nobody, and nobody hears what was found.
    """
    if not has_own_name(device):
        return None
    house = runtime()
    with unit_of_work(house.engine) as session:
        member = member_named(session, house.settings.keys, phone=phone, email=email)
        known = was_signed_in_on(session, house.settings.keys, member or 0, device)
    return device.name if known else None


def _matched(ticket: Ticket, password: str, device: Device) -> str:
    """What is kept of a member's password, when this is it. Raises SignInRefused."""
    phone = ticket.text("phone")
    spend_try(phone, _known(device, phone=phone))
    with unit_of_work(runtime().engine) as session:
        known = passwords.hash_of(session, ticket.number("member"))
    if known is None or not passwords.verify(known, password):
        raise SignInRefused
    spend_notice(ticket.number("member"))
    return known
