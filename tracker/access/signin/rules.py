"""What signing in comes to, and what is wrong with a try. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tracker.kit.errors import Forbidden, Invalid

FLOW = timedelta(minutes=15)
"""How long a sign-in by code may take from asking to the last answer; each code lasts less."""


class Step(StrEnum):
    """What is to be done next."""

    SIGNED_IN = "signed_in"
    """Nothing: the session has begun."""
    EMAIL_CODE = "email_code"
    """A code to the address that the member proved, or the password."""
    PASSWORD = "password"  # noqa: S105 - no password
    """The password: there is no address that the member proved."""


class SignInRefused(Invalid):
    """There is no member with this number or address and this password."""

    code = "sign_in_refused"


class AskSupport(Forbidden):
    """The number alone is not enough any more, and there is nothing else to go by."""

    code = "ask_support"


@dataclass(frozen=True, slots=True)
class StepUp:
    """The code was right, and the number was not proved for so long that it is not enough."""

    member_id: int
    number_id: int
    proved_at: datetime | None
    """When it last was."""
    step: Step | None
    """None: there is nothing to ask for."""
