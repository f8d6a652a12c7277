"""What the routes of changes share: whom codes go to, and what comes of the answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from tracker.access import budgets, codes, passwords
from tracker.access.changes.rules import CHANGE, By, NoPassword, NothingToProveBy, PasswordWrong
from tracker.access.changes.service import own_number, phone_of
from tracker.access.edge import (
    REAL,
    nudge,
    see_reachable,
    see_right,
    spend_guess,
    spend_message,
    trust,
)
from tracker.access.guard import acting_member
from tracker.access.rules import Purpose, is_trusted
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
from tracker.kit.http import runtime
from tracker.members.models import Number
from tracker.members.queries import emails_of
from tracker.members.rules import Language
from tracker.members.service import find

REFUSALS: dict[str, Any] = {
    "400": refusal("The body cannot be read"),
    "403": refusal("Sent by a page of another site, or there is nothing to prove it by"),
    "404": refusal("The member has left meanwhile"),
    "409": refusal("Begun too long ago, a code that is no longer good, or a number in use"),
    "422": refusal("A password or code is wrong, or a field is"),
    "429": refusal("Tried too often, or asked for codes too often or too soon"),
}
"""What every change may hear instead."""

_TRIES = 10
_WINDOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Side:
    """A code that has to be answered: what for, and where it goes."""

    purpose: Purpose
    to: codes.Destination
    language: Language
    number_id: int | None
    """The number that the member has at present."""

    @property
    def by(self) -> By:
        return By.SMS if self.to.phone is not None else By.EMAIL


def see_password(password: str) -> Language:
    """See that it is the member's, and tell the member's language.

    Raises BudgetUsedUp, NoPassword and PasswordWrong.
    """
    house = runtime()
    me = acting_member()
    tries = budgets.Budget("password member", str(me.member_id), _TRIES, _WINDOW)
    budgets.spend(house.engine, house.settings.keys, [tries], REAL.now())
    with unit_of_work(house.engine) as session:
        known = passwords.hash_of(session, me.member_id)
        language = Language(find(session, me.member_id).language)
    if known is None:
        raise NoPassword
    if not passwords.verify(known, password):
        raise PasswordWrong
    return language


def see_password_if_any(password: str | None) -> None:
    """See that it is the member's, of a member who has one.

    Raises BudgetUsedUp and PasswordWrong.
    """
    with unit_of_work(runtime().engine) as session:
        known = passwords.has_password(session, acting_member().member_id)
    if known:
        see_password(password or "")


def who_sets_a_password() -> Side:
    """Where a code goes by which a password is set: to the address that was proved, or else to the
    number, as long as nobody else can have it. Raises NothingToProveBy."""
    known = _known()
    if known.email is not None:
        return known.by_mail(known.email)
    if known.number is None or not is_trusted(
        known.number.proved_at, runtime().clock.now(), trust()
    ):
        raise NothingToProveBy
    return known.by_sms(Purpose.SIGN_IN, known.number)


def who_changes_the_number(*, lost: bool) -> Side:
    """Where a code goes by which the number is let go: to it, or to the address if it is lost.

    However long ago it was proved: the password was right. Raises NothingToProveBy.
    """
    known = _known()
    if known.number is not None and not lost:
        return known.by_sms(Purpose.NUMBER_OLD, known.number)
    if known.email is None:
        raise NothingToProveBy
    return known.by_mail(known.email)


@dataclass(frozen=True, slots=True)
class _Known:
    """What a member can prove something by."""

    number: Number | None
    email: str | None
    """If it was proved."""
    language: Language

    def by_mail(self, email: str) -> Side:
        number_id = self.number.id if self.number else None
        to = codes.Destination(email=email)
        return Side(Purpose.STEP_UP_EMAIL, to, self.language, number_id)

    def by_sms(self, purpose: Purpose, number: Number) -> Side:
        to = codes.Destination(phone=phone_of(runtime().settings.keys, number))
        return Side(purpose, to, self.language, number.id)


def _known() -> _Known:
    house = runtime()
    member_id = acting_member().member_id
    with unit_of_work(house.engine) as session:
        member = find(session, member_id)
        number = own_number(session, member_id)
        email = emails_of(session, house.settings.keys, [member_id]).get(member_id)
    proved = email if member.email_proved_at is not None else None
    return _Known(number, proved, Language(member.language))


def begin(change: str, values: Mapping[str, Value], *sides: Side) -> tuple[str, dict[str, Any]]:
    """Begin a change of this session and send its codes; its name, and how long they are good.

    Raises PhoneNotReachable and BudgetUsedUp, when none of them is sent.
    """
    house, now = runtime(), REAL.now()
    keys = house.settings.keys
    ticket = new_ticket({**values, "session": acting_member().session_id}, now, CHANGE)
    for one in sides:
        see_reachable(one.to)
    for one in sides:
        spend_message(one.to)
    with unit_of_work(house.engine) as session:
        asked = [
            codes.ask(session, keys, one.purpose, one.to, ticket.id, now, language=one.language)
            for one in sides
        ]
    nudge()
    times = {
        "expires_at": min(one.expires_at for one in asked),
        "resend_after": max(one.resend_after for one in asked),
    }
    return seal_ticket(keys, change, ticket), times


def of_this_session(change: str, text: str) -> Ticket:
    """A change that this session began. Raises TicketNotAccepted."""
    ticket = open_ticket(runtime().settings.keys, change, text, REAL.now())
    if ticket.values["session"] != acting_member().session_id:
        raise TicketNotAccepted
    return ticket


def see_code(ticket: Ticket, purpose: Purpose, code: str) -> None:
    """See that a change's code is right; the attempt counts. Raises CodeWrong, CodeNotAlive."""
    house = runtime()
    keys = house.settings.keys
    spend_guess()
    with unit_of_work(house.engine) as session:
        verdict = codes.answer(session, keys, purpose, ticket.id, code, REAL.now())
    see_right(code=verdict)


def see_codes(ticket: Ticket, given: Mapping[str, tuple[Purpose, str | None]]) -> None:
    """See that all codes of a change are right, by the fields that they came in.

    One that was right before stays so while the other is asked for again. Each attempt counts.
    Raises CodeWrong, CodeNotAlive.
    """
    house = runtime()
    spend_guess()
    with unit_of_work(house.engine) as session:
        verdicts = {
            name: _answer(session, ticket, purpose, code) for name, (purpose, code) in given.items()
        }
    see_right(**verdicts)


def _answer(session: Session, ticket: Ticket, purpose: Purpose, code: str | None) -> codes.Verdict:
    keys = runtime().settings.keys
    if codes.was_right(session, keys, purpose, ticket.id, REAL.now()):
        return codes.Verdict.RIGHT
    if code is None:
        return codes.Verdict.WRONG
    return codes.answer(session, keys, purpose, ticket.id, code, REAL.now())
