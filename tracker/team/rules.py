"""What holds of the team, and how one-time codes are checked. Pure."""

import hmac
from datetime import datetime, timedelta

import pyotp

from tracker.access.password_rules import PasswordNotUsable, check
from tracker.kit.errors import Conflict, Gone, Invalid, NotFound, Unauthenticated
from tracker.staff.rules import Role

MAX_TOKENS = 50
"""That a person may have at once."""

MAX_DAYS = 3_650
"""That a token may last."""

ENROLMENT = timedelta(hours=72)
"""For which an enrolment secret may be used."""

SHORTEST_PASSWORD = 12
"""Characters, of those who handle other people's money."""

ISSUER = "Cashback tracker"
"""What a telephone shows above the codes."""

_STEP = 30
"""Seconds for which a code is shown."""

_NOBODYS = pyotp.random_base32()
"""What codes are compared with for a login without a secret: as long, and never right."""


class PersonNotFound(NotFound):
    """Nobody of the team has this login."""

    code = "person_not_found"


class PersonHasLeft(Conflict):
    """The person is in the team no more."""

    code = "person_has_left"


class LastAdmin(Conflict):
    """The team would be without an admin who is let in."""

    code = "last_admin"


class NothingToChange(Conflict):
    """It is so already."""

    code = "nothing_to_change"


class TokenNotFound(NotFound):
    """No such token, or none that the asker may see."""

    code = "token_not_found"


class TooManyTokens(Conflict):
    """So many tokens are enough for one person: take one back first."""

    code = "too_many_tokens"


class TokenTooWide(Conflict):
    """A token cannot make one that may do more than itself."""

    code = "token_too_wide"


class AlreadyEnrolled(Conflict):
    """The person has something to come in by: it is to be reset first."""

    code = "already_enrolled"


class EnrolmentOver(Gone):
    """The enrolment secret was used, has run out, or never was one."""

    code = "enrolment_over"


class CodeNotRight(Invalid):
    """The one-time code is not the one that the telephone shows."""

    code = "code_not_right"


class SignInNotAccepted(Unauthenticated):
    """Login, password and one-time code do not belong together, or the code was used."""

    code = "sign_in_not_accepted"


class AboutOneself(Conflict):
    """Nobody agrees to what others propose for them."""

    code = "about_oneself"


class NoSession(Conflict):
    """This is an API token: it is revoked and not signed out."""

    code = "no_session"


def takes_two(role: Role) -> bool:
    """Whether somebody of this role may propose or approve: then two people let them do so."""
    return role.includes(Role.OPERATOR)


def is_less(role: Role, than: Role) -> bool:
    """Whether one role may do less than another."""
    return than.includes(role) and role is not than


def check_password(password: str) -> None:
    """Raises PasswordNotUsable, which does not repeat it."""
    if len(password) < SHORTEST_PASSWORD:
        said = f"{SHORTEST_PASSWORD} characters or more are needed"
        raise PasswordNotUsable(said, fields={"password": said})
    check(password)


def new_secret() -> str:
    """A secret for one-time codes, as telephones read it."""
    return pyotp.random_base32()


def address_of(secret: str, login: str) -> str:
    """The ``otpauth://`` address that a telephone takes the secret from, as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def step_of(secret: str | None, code: str, now: datetime) -> int | None:
    """The half-minute that a code was shown in: the present one or one beside it; None: neither.

    Takes as long for a login that has no secret.
    """
    current = int(now.timestamp()) // _STEP
    totp = pyotp.TOTP(secret or _NOBODYS)
    right = [
        step
        for step in (current - 1, current, current + 1)
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode())
    ]
    return right[-1] if right and secret is not None else None
