"""How long a session lasts, and what is wrong when there is none. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from tracker.kit.errors import Forbidden, Unauthenticated

SESSION = timedelta(hours=12)
"""How long a device stays signed in that was not told to be remembered."""

REMEMBERED = timedelta(days=30)
"""How long one stays that was, counted from when it was last seen."""

SEEN_AGAIN = timedelta(hours=1)
"""A session is written to when it was seen so long after the last time, and not each time."""

MAX_LABEL = 200


class Kind(StrEnum):
    """What holds the session's token."""

    BROWSER = "browser"
    """A cookie, which no script of a page can read."""
    APP = "app"
    """An application that sends it as a bearer token."""


class NotSignedIn(Unauthenticated):
    """There is no session, or it is no more."""

    code = "not_signed_in"


class FromAnotherSite(Forbidden):
    """A page of another site let the member's browser send this."""

    code = "from_another_site"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a request comes from."""

    member_id: int
    session_id: int


def lasts(*, remembered: bool) -> timedelta:
    """How long a session of a device lasts from when it is seen."""
    return REMEMBERED if remembered else SESSION
