"""How long a session lasts, and what is wrong when there is none. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tracker.kit.errors import Forbidden, NotFound, Unauthenticated

SESSION = timedelta(hours=12)
"""How long a device stays signed in that was not told to be remembered."""

REMEMBERED = timedelta(days=30)
"""How long one stays that was, counted from when it was last seen."""

SEEN_AGAIN = timedelta(hours=1)
"""A session is written to when it was seen so long after the last time, and not each time."""

MAX_SESSIONS = 50
"""On how many devices a member is signed in at most: the one not seen for longest gives way."""

UNKNOWN_DEVICE = "?"

_PROGRAMS = {
    "YaBrowser": "Yandex",
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
"""What a User-Agent says, the telling ones first: nearly all say Chrome and Safari as well."""

_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


class Kind(StrEnum):
    """What holds the session's token."""

    BROWSER = "browser"
    """A cookie, which no script of a page can read."""
    APP = "app"
    """An application that sends it as a bearer token."""


class Purpose(StrEnum):
    """What a one-time code is good for, and for nothing else."""

    JOINING_PHONE = "joining_phone"
    JOINING_EMAIL = "joining_email"
    SIGN_IN = "sign_in"
    STEP_UP_EMAIL = "step_up_email"
    """A sign-in that needs the address as well: the number may have a new owner."""
    NUMBER_OLD = "number_old"
    NUMBER_NEW = "number_new"
    RELATIVE = "relative"
    EMAIL_CHANGE = "email_change"
    ERASURE = "erasure"


class Step(StrEnum):
    """What somebody who joins has to give next."""

    PHONE_CODE = "phone_code"
    EMAIL = "email"
    EMAIL_CODE = "email_code"
    PASSWORD = "password"  # noqa: S105 - no password
    DONE = "done"


class NotSignedIn(Unauthenticated):
    """There is no session, or it is no more."""

    code = "not_signed_in"


class FromAnotherSite(Forbidden):
    """A page of another site let the member's browser send this."""

    code = "from_another_site"


class SessionNotFound(NotFound):
    """The member has no such session, or not any more."""

    code = "session_not_found"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a request comes from."""

    member_id: int
    session_id: int


def lasts(*, remembered: bool) -> timedelta:
    """How long a session of a device lasts from when it is seen."""
    return REMEMBERED if remembered else SESSION


def is_trusted(proved_at: datetime | None, now: datetime, trust: timedelta) -> bool:
    """Whether a member still has the number that was proved then: nobody can have been given it.

    By business time: it is told of members who were taken in with their past as well, and days of
    the demonstration are days in which operators hand out numbers.
    """
    return proved_at is not None and now - proved_at < trust


def label_of(agent: str) -> str:
    """What a member knows a device by: ``Firefox, Linux``.

    Of words of ours alone. It goes out in text messages, and whoever signs in chose the header.
    """
    found = (
        next((name for word, name in words.items() if word in agent), None)
        for words in (_PROGRAMS, _SYSTEMS)
    )
    return ", ".join(name for name in found if name) or UNKNOWN_DEVICE
