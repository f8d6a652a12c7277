"""`/admin/api/v1/session` and `/admin/api/v1/enrolment`: where staff come in."""

from typing import Any

from flask.views import MethodView

from tracker.access.budgets import give_back, spend
from tracker.access.passwords import hash_password
from tracker.kit.clock import SystemClock
from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, client_address, runtime
from tracker.kit.logs import log
from tracker.staff.guard import acting, open_to_strangers, requires
from tracker.staff.rules import Role
from tracker.team.enrolling import confirm, enrolling, see_code
from tracker.team.rules import SignInNotAccepted, address_of, check_password
from tracker.team.schemas import (
    ActingSchema,
    EnrolledSchema,
    EnrolmentAnswer,
    EnrolmentShown,
    EnrolmentWanted,
    SessionOpenedSchema,
    SignInSchema,
)
from tracker.team.signing_in import known_as, see_proved, sign_in, sign_out, tries, tries_from

sessions = Blueprint(
    "staff session",
    __name__,
    url_prefix="/admin/api/v1/session",
    description="Staff sign in and out",
)
enrolments = Blueprint(
    "staff enrolment",
    __name__,
    url_prefix="/admin/api/v1/enrolment",
    description="Staff set their password and telephone",
)

REAL = SystemClock()
"""People sign in by the clock on the wall, whatever business time it is."""

_TOO_OFTEN = {"429": refusal("Tried too often; Retry-After says when to try again")}
_LOG = log("team")


@sessions.route("")
class StaffSessions(MethodView):
    """One's own session."""

    @open_to_strangers
    @sessions.arguments(SignInSchema)
    @sessions.response(201, SessionOpenedSchema)
    @sessions.doc(
        responses={"401": refusal("They do not belong together; which is wrong is not told")}
        | _TOO_OFTEN
    )
    def post(self, told: dict[str, str]) -> Any:
        """Sign in by password and one-time code. Each code is good once."""
        house, login, address = runtime(), told["login"], client_address()
        keys, now = house.settings.keys, REAL.now()
        with unit_of_work(house.engine) as session:
            own, shared = tries(session, keys, login, address, now)
        spend(house.engine, keys, [*own, *shared], now)
        with unit_of_work(house.engine) as session:
            known = known_as(session, keys, login)
        try:
            # No connection is held for as long as this takes.
            step = see_proved(known, told["password"], told["totp"], now)
            if known is None:
                raise SignInNotAccepted
            with unit_of_work(house.engine) as session:
                opened = sign_in(session, keys, known, address, step=step, now=now)
        except SignInNotAccepted:
            _LOG.warning("staff_sign_in_refused", address=address)
            raise
        for one in own:
            give_back(house.engine, keys, one, now)
        return opened

    @requires(Role.VIEWER)
    @sessions.response(200, ActingSchema)
    def get(self) -> dict[str, Any]:
        """Who is asking, by what, and what it allows."""
        by = acting()
        return {
            "login": by.login,
            "role": str(by.role),
            "scopes": list(by.scopes),
            "expires_at": by.expires_at,
            "by": "session" if by.session_id else "token",
        }

    @requires(Role.VIEWER, own=True)
    @sessions.response(204)
    @sessions.doc(responses={"409": refusal("By an API token: there is nothing to sign out of")})
    def delete(self) -> None:
        """Sign out: the session's token is good for nothing any more."""
        with unit_of_work(runtime().engine) as session:
            sign_out(session, acting())


_OVER = {"410": refusal("It was used, has run out, or never was one")} | _TOO_OFTEN


@enrolments.route("")
class Enrolment(MethodView):
    """What goes into the telephone."""

    @open_to_strangers
    @enrolments.arguments(EnrolmentWanted)
    @enrolments.response(200, EnrolmentShown)
    @enrolments.doc(responses=_OVER)
    def post(self, told: dict[str, str]) -> dict[str, str]:
        """By the enrolment secret: what a telephone makes codes from. The same until confirmed."""
        house, now = runtime(), REAL.now()
        keys = house.settings.keys
        spend(house.engine, keys, tries_from(client_address()), now)
        with unit_of_work(house.engine) as session:
            found = enrolling(
                session, keys, told["enrolment"], now, other_half=told.get("other_half")
            )
        return {
            "login": found.login,
            "totp_secret": found.secret,
            "totp_address": address_of(found.secret, found.login),
        }


@enrolments.route("/confirm")
class EnrolmentConfirmed(MethodView):
    """The end of it."""

    @open_to_strangers
    @enrolments.arguments(EnrolmentAnswer)
    @enrolments.response(200, EnrolledSchema)
    @enrolments.doc(responses=_OVER)
    def post(self, told: dict[str, str]) -> dict[str, str]:
        """Choose the password, and show by a code that the telephone has the secret."""
        house, now = runtime(), REAL.now()
        keys = house.settings.keys
        spend(house.engine, keys, tries_from(client_address()), now)
        check_password(told["password"])
        with unit_of_work(house.engine) as session:
            found = enrolling(
                session, keys, told["enrolment"], now, other_half=told.get("other_half")
            )
        step = see_code(found, told["totp"], now)
        hashed = hash_password(told["password"])
        with unit_of_work(house.engine) as session:
            confirm(session, found, hashed, step, now)
        return {"login": found.login}
