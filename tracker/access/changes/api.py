"""`/api/v1/password`, `/number`, `/email`: what a member changes of how they sign in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask.views import MethodView

from tracker.access import codes
from tracker.access.changes.asking import (
    REFUSALS,
    Side,
    begin,
    of_this_session,
    see_code,
    see_codes,
    see_password,
    who_changes_the_number,
    who_sets_a_password,
)
from tracker.access.changes.rules import By, NumberNotNew
from tracker.access.changes.schemas import (
    EmailAnswer,
    EmailChange,
    NewEmail,
    NewNumber,
    NewPassword,
    NumberAnswer,
    NumberChange,
    ResetSchema,
)
from tracker.access.changes.service import Hand, change_email, change_number, change_password
from tracker.access.edge import REAL, nudge, spend_notice, trust
from tracker.access.guard import acting_member, signed_in
from tracker.access.password_rules import check
from tracker.access.passwords import hash_password
from tracker.access.rules import Purpose
from tracker.kit.database import unit_of_work
from tracker.kit.http import Blueprint, runtime
from tracker.members.rules import normal_email, normal_phone

blueprint = Blueprint(
    "changes", __name__, url_prefix="/api/v1", description="Password, number and address"
)

PASSWORD, NUMBER, EMAIL = "change of password", "change of number", "change of address"


@blueprint.route("/password/code")
class PasswordCode(MethodView):
    """A code for those who have no password, or do not know it."""

    @signed_in
    @blueprint.response(202, ResetSchema)
    @blueprint.doc(responses=REFUSALS)
    def post(self) -> dict[str, Any]:
        """Ask for a code: to the address that was proved, or else by SMS."""
        side = who_sets_a_password()
        ticket, asked = begin(PASSWORD, {"by": side.by}, side)
        return {"reset": ticket, "by": side.by, **asked}


@blueprint.route("/password")
class Password(MethodView):
    """The password."""

    @signed_in
    @blueprint.arguments(NewPassword)
    @blueprint.response(204)
    @blueprint.doc(responses=REFUSALS)
    def post(self, body: dict[str, Any]) -> None:
        """Set a password: all other devices are signed out."""
        check(body["new_password"], body.get("birth_date"))
        if "old_password" in body:
            see_password(body["old_password"])
            spend_notice(acting_member().member_id)
        else:
            ticket = of_this_session(PASSWORD, body["reset"])
            purpose = Purpose.STEP_UP_EMAIL if ticket.values["by"] == By.EMAIL else Purpose.SIGN_IN
            see_code(ticket, purpose, body["code"])
        hashed = hash_password(body["new_password"])
        with _hand() as hand:
            change_password(hand, hashed)
        nudge()


@blueprint.route("/number")
class NumberOfMine(MethodView):
    """The number."""

    @signed_in
    @blueprint.arguments(NewNumber)
    @blueprint.response(202, NumberChange)
    @blueprint.doc(responses=REFUSALS)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Ask for another number: a code goes to it, and one to the old number or by e-mail."""
        phone = normal_phone(body["phone"])
        see_password(body["password"])
        old = who_changes_the_number(lost=body["lost"])
        if old.to.phone == phone:
            raise NumberNotNew(fields={"phone": "is yours"})
        new = Side(Purpose.NUMBER_NEW, codes.Destination(phone=phone), old.language, old.number_id)
        values = {"phone": phone, "old": old.number_id, "by": old.by}
        ticket, asked = begin(NUMBER, values, old, new)
        return {"change": ticket, "old": old.by, **asked}


@blueprint.route("/number/answer")
class NumberAnswered(MethodView):
    """The codes that came."""

    @signed_in
    @blueprint.arguments(NumberAnswer)
    @blueprint.response(204)
    @blueprint.doc(responses=REFUSALS)
    def post(self, body: dict[str, Any]) -> None:
        """Prove both numbers: the new one is the member's, all other devices are signed out."""
        ticket = of_this_session(NUMBER, body["change"])
        old = Purpose.STEP_UP_EMAIL if ticket.values["by"] == By.EMAIL else Purpose.NUMBER_OLD
        given = {
            "old_code": (old, body.get("old_code")),
            "new_code": (Purpose.NUMBER_NEW, body.get("new_code")),
        }
        see_codes(ticket, given)
        instead_of = ticket.values["old"]
        with _hand() as hand:
            change_number(
                hand,
                ticket.text("phone"),
                instead_of=None if instead_of is None else int(instead_of),
                trust=trust(),
            )
        nudge()


@blueprint.route("/email")
class Email(MethodView):
    """The address."""

    @signed_in
    @blueprint.arguments(NewEmail)
    @blueprint.response(202, EmailChange)
    @blueprint.doc(responses=REFUSALS)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Ask for another address: a code goes to it."""
        email = normal_email(body["email"])
        language = see_password(body["password"])
        to = Side(Purpose.EMAIL_CHANGE, codes.Destination(email=email), language, None)
        ticket, asked = begin(EMAIL, {"email": email}, to)
        return {"change": ticket, **asked}


@blueprint.route("/email/answer")
class EmailAnswered(MethodView):
    """The code that came."""

    @signed_in
    @blueprint.arguments(EmailAnswer)
    @blueprint.response(204)
    @blueprint.doc(responses=REFUSALS)
    def post(self, body: dict[str, Any]) -> None:
        """Prove the address: it is the member's from now on."""
        ticket = of_this_session(EMAIL, body["change"])
        see_code(ticket, Purpose.EMAIL_CHANGE, body["code"])
        with _hand() as hand:
            change_email(hand, ticket.text("email"))
        nudge()


@contextmanager
def _hand() -> Iterator[Hand]:
    """The member of this request and a unit of work, which is committed at the end."""
    house = runtime()
    with unit_of_work(house.engine) as session:
        yield Hand(session, house.settings.keys, acting_member(), REAL.now(), house.clock.now())
