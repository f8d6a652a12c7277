"""Who may call a member's route: whoever is signed in. Every such route names this guard."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Request, g, request

from tracker.access.edge import REAL
from tracker.access.rules import FromAnotherSite, NotSignedIn, SignedIn
from tracker.access.sessions import recognise
from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, runtime

COOKIE = "tracker_session"
SECURE_COOKIE = "__Host-" + COOKIE
"""What it is called where the service is reached by https: no other host of ours can set it."""

SECURITY: dict[str, Any] = {
    "member_cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "Set by signing in from a browser",
    },
    "member_token": {
        "type": "http",
        "scheme": "bearer",
        "description": "Given to an app by signing in",
    },
}

_SAFE = ("GET", "HEAD", "OPTIONS")

P = ParamSpec("P")
R = TypeVar("R")


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """Let the request through when it comes from a member who is signed in."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        house = runtime()
        token = token_of(request)
        if token is None:
            raise NotSignedIn
        with unit_of_work(house.engine) as session:
            g.member = recognise(session, house.settings.keys, token, REAL.now())
        return view(*args, **kwargs)

    guarded.for_members = True  # type: ignore[attr-defined]
    told: Callable[P, R] = Blueprint.doc(
        security=[{name: []} for name in SECURITY],
        responses={
            "401": refusal("Not signed in, or not any more"),
            "403": refusal("Sent by a page of another site"),
        },
    )(guarded)
    return told


def acting_member() -> SignedIn:
    """The member of this request."""
    member: SignedIn = g.member
    return member


def cookie_name() -> str:
    """What the session's cookie is called here."""
    return SECURE_COOKIE if is_secure() else COOKIE


def is_secure() -> bool:
    """Whether the service is reached by https, so that cookies are sent over nothing else."""
    return runtime().settings.public_url.startswith("https://")


def token_of(asked: Request) -> str | None:
    """The session's token that a request carries. Raises FromAnotherSite.

    A browser sends its cookies along whoever made it ask. So what changes something is only taken
    from pages of our own; an app's token nobody sends but the app.
    """
    scheme, _, token = asked.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    cookie = asked.cookies.get(cookie_name())
    if cookie and asked.method not in _SAFE:
        see_that_it_is_ours(asked)
    return cookie


def see_that_it_is_ours(asked: Request) -> None:
    """Raises FromAnotherSite when a browser says that another site's page sent this."""
    site = asked.headers.get("Sec-Fetch-Site")
    origin = asked.headers.get("Origin")
    if site not in (None, "same-origin", "none"):
        raise FromAnotherSite
    if origin is not None and _host_of(origin) not in _hosts(asked):
        raise FromAnotherSite


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc or None
    except ValueError:  # a bracket that nothing closes, say
        return None


def _hosts(asked: Request) -> set[str]:
    return {asked.host, urlsplit(runtime().settings.public_url).netloc}
