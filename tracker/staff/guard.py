"""Who may call a staff route. Every route of a staff_api names the role that it needs."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import g, request

from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, runtime
from tracker.staff.rules import Role, TokenNotAccepted
from tracker.staff.service import Person, recognise

SECURITY: dict[str, Any] = {
    "staff": {"type": "http", "scheme": "bearer", "description": "A token of `tracker staff add`"}
}

P = ParamSpec("P")
R = TypeVar("R")


def requires(role: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let the request through when its bearer token belongs to someone with this role."""

    def guard(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not token:
                raise TokenNotAccepted
            house = runtime()
            with unit_of_work(house.engine) as session:
                g.person = recognise(session, house.settings.keys, token.strip(), role)
            return view(*args, **kwargs)

        guarded.required_role = role  # type: ignore[attr-defined]
        told: Callable[P, R] = Blueprint.doc(
            security=[{name: [] for name in SECURITY}],
            responses={
                "401": refusal("No token, or one that is not accepted"),
                "403": refusal(f"Of somebody who is not {role}, nor more"),
            },
        )(guarded)
        return told

    return guard


def acting() -> Person:
    """The staff member of this request."""
    person: Person = g.person
    return person
