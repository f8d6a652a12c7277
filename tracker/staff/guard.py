"""Who may call a staff route. Every route of a staff_api names the role that it needs."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import g, request

from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, runtime, see_that_nothing_is_filtered
from tracker.staff.rules import Role, Scope, TokenNotAccepted
from tracker.staff.service import Person, recognise

SECURITY: dict[str, Any] = {
    "staff": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of `tracker staff add`, or of a session: `POST"
        " /admin/api/v1/session`. It does what its scopes and its owner's role allow",
    }
}

PREFIX = "/admin/api/v1/"
_LOOKS = frozenset({"GET", "HEAD", "OPTIONS"})

P = ParamSpec("P")
R = TypeVar("R")


def requires(role: Role, *, own: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let the request through when its bearer token belongs to someone with this role, and its
    scopes allow what the method does in this area.

    ``own``: though it changes something, a viewer may; it is only of what is the person's own.
    """

    def guard(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not token:
                raise TokenNotAccepted
            house = runtime()
            scope = Scope.READ if request.method in _LOOKS else Scope.WRITE
            with unit_of_work(house.engine) as session:
                g.person = recognise(
                    session,
                    house.settings.keys,
                    token.strip(),
                    role,
                    scope=scope,
                    area=area_of(request.path),
                )
            if request.method in _LOOKS:
                see_that_nothing_is_filtered(view)
            return view(*args, **kwargs)

        guarded.required_role = role  # type: ignore[attr-defined]
        guarded.only_own = own  # type: ignore[attr-defined]
        told: Callable[P, R] = Blueprint.doc(
            security=[{name: [] for name in SECURITY}],
            responses={
                "401": refusal("No token, or one that is not accepted"),
                "403": refusal(
                    f"Of somebody who is not {role}, nor more; or by a token that is not for this"
                ),
            },
        )(guarded)
        return told

    return guard


def open_to_strangers(view: Callable[P, R]) -> Callable[P, R]:
    """Where one comes in: no token is asked for, and what is told proves who one is."""
    view.required_role = None  # type: ignore[attr-defined]
    return view


def area_of(path: str) -> str | None:
    """Of what a staff route is: the word behind the prefix; None outside.

    What shops' statements say moves money, and so is no matter of the shops' own.
    """
    if not path.startswith(PREFIX):
        return None
    words = path.removeprefix(PREFIX).split("/")
    is_of_statements = words[0] == "shops" and words[2:3] in (["statements"], ["statement-format"])
    return "statements" if is_of_statements else words[0]


def acting() -> Person:
    """The staff member of this request."""
    person: Person = g.person
    return person
