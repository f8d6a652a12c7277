"""What takes two people here: whoever can propose or approve is made, raised or let in by two.

Or one admin could be two people: somebody who proposes, made up for it, and the admin who approves.
Taking something away takes one. Both are admins, and each is told one half of the secret that opens
the door: whoever comes in by it was handed both, and is neither of the two.
"""

from sqlalchemy.orm import Session

from tracker.kit.clock import SystemClock
from tracker.kit.runtime import Runtime
from tracker.proposals.contracts import Action, Approved, Facts
from tracker.staff.rules import Role, check_login, same_person
from tracker.staff.service import LoginTaken
from tracker.team.enrolling import enrol, see_enrollable
from tracker.team.rules import AboutOneself, NothingToChange, PersonHasLeft, PersonNotFound
from tracker.team.service import add, change_role, kept, person_named


def payload_of(login: str, role: Role | None = None, other_half: str | None = None) -> Facts:
    """What is agreed to. ``other_half``: the keyed hash of what the proposer was told."""
    given = {"login": login, "role": role and str(role), "other_half": other_half}
    return {name: value for name, value in given.items() if value is not None}


def _nobody(session: Session, payload: Facts) -> Facts:
    check_login(payload["login"])
    try:
        person_named(session, payload["login"])
    except PersonNotFound:
        return {"taken": False}
    raise LoginTaken(f"{payload['login']} is taken")


def _somebody(session: Session, payload: Facts) -> Facts:
    person = kept(session, payload["login"], still_admins=True)
    if not person.active:
        raise PersonHasLeft
    if payload["role"] == person.role:
        raise NothingToChange(f"{person.login} is {person.role} already")
    return {"role": person.role}


def _without_a_key(session: Session, payload: Facts) -> Facts:
    person = see_enrollable(session, payload["login"], SystemClock().now())
    return {"role": person.role}


def _add(session: Session, house: Runtime, approved: Approved) -> Facts:
    login = _not_about_oneself(approved)
    role = Role(approved.payload["role"])
    add(session, approved.approved_by, login, role, approved.reason)
    return _let_in(session, house, approved)


def _change_role(session: Session, _: Runtime, approved: Approved) -> None:
    login = _not_about_oneself(approved)
    role = Role(approved.payload["role"])
    change_role(session, approved.approved_by, login, role, approved.reason)


def _let_in(session: Session, house: Runtime, approved: Approved) -> Facts:
    login = _not_about_oneself(approved)
    now = SystemClock().now()
    who, why = approved.approved_by, approved.reason
    half = approved.payload.get("other_half")
    secret, until = enrol(
        session, house.settings.keys, who, login, now, other_half=half, reason=why
    )
    return {"login": login, "enrolment": secret, "until": until.isoformat()}


def _not_about_oneself(approved: Approved) -> str:
    login = str(approved.payload["login"])
    if same_person(login, approved.approved_by):
        raise AboutOneself
    return login


ADDING = Action(
    name="staff.add",
    about="Somebody joins the team; the approver is told half of the secret, to hand it to them.",
    seen=_nobody,
    carry_out=_add,
    proposes=Role.ADMIN,
    approves=Role.ADMIN,
)
RAISING = Action(
    name="staff.role",
    about="Somebody may do more from now on.",
    seen=_somebody,
    carry_out=_change_role,
    proposes=Role.ADMIN,
    approves=Role.ADMIN,
)
ENROLLING = Action(
    name="staff.enrol",
    about="Somebody gets a way to sign in; the approver is told half of the secret to hand them.",
    seen=_without_a_key,
    carry_out=_let_in,
    proposes=Role.ADMIN,
    approves=Role.ADMIN,
)
