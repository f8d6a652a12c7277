"""`/admin/api/v1/staff` and `…/tokens`: who is in the team, and by what they come in."""

from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from tracker.kit.clock import SystemClock
from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.proposals.contracts import Action, Facts
from tracker.proposals.queries import shown_of
from tracker.proposals.service import Wish, propose
from tracker.staff.guard import acting, requires
from tracker.staff.rules import Role, RoleTooLow
from tracker.team import acts, queries, service, tokens
from tracker.team.enrolling import enrol, enrol_oneself, other_half, see_enrollable
from tracker.team.rules import PersonNotFound, takes_two
from tracker.team.schemas import (
    JoiningTeamSchema,
    PeopleFilter,
    PeoplePage,
    PersonSchema,
    RoleWanted,
    StaffTokensPage,
    TeamOutcomeSchema,
    TeamReasonSchema,
    TokenMadeSchema,
    TokensFilter,
    TokenWanted,
)

people = Blueprint(
    "staff", __name__, url_prefix="/admin/api/v1/staff", description="Who is in the team"
)
token_routes = Blueprint(
    "staff tokens", __name__, url_prefix="/admin/api/v1/tokens", description="API tokens of staff"
)

_NOT_SO = {"409": refusal("It is so already, waits for another person, or cannot be done so")}


@people.route("")
class People(MethodView):
    """The team."""

    @requires(Role.VIEWER)
    @people.arguments(PeopleFilter, location="query")
    @people.response(200, PeoplePage)
    def get(self, wanted: dict[str, int]) -> dict[str, Any]:
        """Staff in the order in which they came, those who have left too."""
        with unit_of_work(runtime().engine) as session:
            found = queries.people(session, after=wanted["cursor"], limit=wanted["limit"] + 1)
        return page_of(found, limit=wanted["limit"], cursor=lambda one: one.id)

    @requires(Role.ADMIN)
    @people.arguments(JoiningTeamSchema)
    @people.response(200, TeamOutcomeSchema)
    @people.doc(responses=_NOT_SO)
    def post(self, told: dict[str, str]) -> dict[str, Any]:
        """Take somebody in. A viewer at once; whoever may propose or approve, when another person
        approves. The secret by which they enrol is shown once: to whoever lets them in, or half of
        it to each of the two."""
        login, role = told["login"], Role(told["role"])
        with unit_of_work(runtime().engine) as session:
            if takes_two(role):
                return _half_let_in(session, acts.ADDING, login, role, told["reason"])
            service.add(session, acting().login, login, role, told["reason"])
            return _let_in(session, login, told["reason"])


@people.route("/<login>")
class OnePerson(MethodView):
    """One of them."""

    @requires(Role.VIEWER)
    @people.response(200, PersonSchema)
    def get(self, login: str) -> Any:
        """What somebody may do, and when they were last here."""
        with unit_of_work(runtime().engine) as session:
            found = queries.people(session, login=login, limit=1)
        if not found:
            raise PersonNotFound
        return found[0]


@people.route("/<login>/role")
class ChangingRole(MethodView):
    """What somebody may do."""

    @requires(Role.ADMIN)
    @people.arguments(RoleWanted)
    @people.response(200, TeamOutcomeSchema)
    @people.doc(responses=_NOT_SO)
    def post(self, told: dict[str, str], login: str) -> dict[str, Any]:
        """Let somebody do less at once; more, when another person approves."""
        role = Role(told["role"])
        with unit_of_work(runtime().engine) as session:
            by, why = acting().login, told["reason"]
            if not service.change_role(session, by, login, role, why, alone=True):
                return _proposed(session, acts.RAISING, acts.payload_of(login, role), why)
        return {"done": True}


@people.route("/<login>/leave")
class Leaving(MethodView):
    """Leaving the team."""

    @requires(Role.ADMIN)
    @people.arguments(TeamReasonSchema)
    @people.response(200, TeamOutcomeSchema)
    @people.doc(responses=_NOT_SO)
    def post(self, told: dict[str, str], login: str) -> dict[str, Any]:
        """Let somebody in no more: tokens, sessions, password and codes are over."""
        with unit_of_work(runtime().engine) as session:
            service.leave(session, acting().login, login, told["reason"])
        return {"done": True}


@people.route("/<login>/return")
class Returning(MethodView):
    """Coming back."""

    @requires(Role.ADMIN)
    @people.arguments(TeamReasonSchema)
    @people.response(200, TeamOutcomeSchema)
    @people.doc(responses=_NOT_SO)
    def post(self, told: dict[str, str], login: str) -> dict[str, Any]:
        """Take somebody back who had left; they have nothing to come in by until they enrol."""
        with unit_of_work(runtime().engine) as session:
            service.come_back(session, acting().login, login, told["reason"])
        return {"done": True}


@people.route("/<login>/reset")
class Resetting(MethodView):
    """A lost telephone, or a password in wrong hands."""

    @requires(Role.ADMIN)
    @people.arguments(TeamReasonSchema)
    @people.response(200, TeamOutcomeSchema)
    @people.doc(responses=_NOT_SO)
    def post(self, told: dict[str, str], login: str) -> dict[str, Any]:
        """End somebody's tokens, sessions, password and codes; then they are enrolled anew."""
        with unit_of_work(runtime().engine) as session:
            service.reset(session, acting().login, login, told["reason"])
        return {"done": True}


@people.route("/<login>/enrol")
class Enrolling(MethodView):
    """A way to sign in."""

    @requires(Role.VIEWER, own=True)
    @people.arguments(TeamReasonSchema)
    @people.response(200, TeamOutcomeSchema)
    @people.doc(responses=_NOT_SO)
    def post(self, told: dict[str, str], login: str) -> dict[str, Any]:
        """A secret by which one sets a password and a telephone. For oneself; an admin for others
        who have nothing to come in by; for all but viewers half of it, and another person who
        approves is told the rest."""
        by = acting()
        with unit_of_work(runtime().engine) as session:
            if by.login == login:
                return _let_oneself_in(session, told["reason"])
            if not by.role.includes(Role.ADMIN):
                raise RoleTooLow("only an admin lets others in")
            person = see_enrollable(session, login, SystemClock().now())
            if takes_two(Role(person.role)):
                return _half_let_in(session, acts.ENROLLING, login, None, told["reason"])
            return _let_in(session, login, told["reason"])


@token_routes.route("")
class Tokens(MethodView):
    """API tokens."""

    @requires(Role.VIEWER)
    @token_routes.arguments(TokensFilter, location="query")
    @token_routes.response(200, StaffTokensPage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """One's own, or for admins somebody's: what each is for, and when it was last used."""
        by, limit = acting(), wanted["limit"]
        login = wanted.get("login", by.login)
        if login != by.login and not by.role.includes(Role.ADMIN):
            raise RoleTooLow("only an admin sees others' tokens")
        with unit_of_work(runtime().engine) as session:
            found = tokens.tokens_of(session, login, after=wanted["cursor"], limit=limit + 1)
        return page_of(found, limit=limit, cursor=lambda one: one.id)

    @requires(Role.VIEWER, own=True)
    @token_routes.arguments(TokenWanted)
    @token_routes.response(201, TokenMadeSchema)
    @token_routes.doc(responses={"409": refusal("More than one has, or too many")})
    def post(self, told: dict[str, Any]) -> dict[str, Any]:
        """Make another one of one's own. By a token: one that may do no more, and ends no later."""
        house, by = runtime(), acting()
        tokens.see_within(by, told["scopes"])
        with unit_of_work(house.engine) as session:
            made, token = tokens.make_token(
                session,
                house.settings.keys,
                by.login,
                by.login,
                name=told["name"],
                scopes=told["scopes"],
                days=told.get("days", house.settings.staff_token_days),
                by=by,
            )
        return {"id": made, "token": token}


@token_routes.route("/<int:token_id>")
class OneToken(MethodView):
    """One of them."""

    @requires(Role.VIEWER, own=True)
    @token_routes.response(204)
    def delete(self, token_id: int) -> None:
        """Take a token back, at once: one's own, or for admins anybody's."""
        by = acting()
        of = None if by.role.includes(Role.ADMIN) else by.login
        with unit_of_work(runtime().engine) as session:
            tokens.revoke_token(session, by.login, token_id, of=of)


def _let_in(session: Session, login: str, reason: str) -> dict[str, Any]:
    keys, now = runtime().settings.keys, SystemClock().now()
    secret, until = enrol(session, keys, acting().login, login, now, reason=reason)
    return {"done": True, "enrolment": secret, "until": until}


def _let_oneself_in(session: Session, reason: str) -> dict[str, Any]:
    keys, now = runtime().settings.keys, SystemClock().now()
    secret, until = enrol_oneself(session, keys, acting(), now, reason=reason)
    return {"done": True, "enrolment": secret, "until": until}


def _half_let_in(
    session: Session, action: Action, login: str, role: Role | None, reason: str
) -> dict[str, Any]:
    half, hashed = other_half(runtime().settings.keys)
    asked = _proposed(session, action, acts.payload_of(login, role, hashed), reason)
    return {**asked, "other_half": half}


def _proposed(session: Session, action: Action, payload: Facts, reason: str) -> dict[str, Any]:
    subject = f"staff:{payload['login']}"
    wish = Wish(payload=payload, subject=subject, reason=reason, slot=subject)
    one = propose(session, runtime(), action, wish, acting())
    return {"done": False, "proposal": shown_of(session, one.id, {action.name: action})}
