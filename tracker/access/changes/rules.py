"""What a change needs, and what is wrong with one. Pure."""

from datetime import timedelta
from enum import StrEnum

from tracker.kit.errors import Conflict, Forbidden, Invalid

CHANGE = timedelta(minutes=15)
"""How long a change may take from asking to the last answer; each code lasts less."""


class By(StrEnum):
    """Where the code goes that shows that it is the member who changes something."""

    SMS = "sms"
    EMAIL = "email"


class PasswordWrong(Invalid):
    """This is not the member's password."""

    code = "password_wrong"


class NoPassword(Conflict):
    """The member has no password yet: one has to be set first."""

    code = "no_password"


class NumberNotNew(Invalid):
    """This is the member's number already."""

    code = "number_not_new"


class NumberInUse(Conflict):
    """The number is another member's, who proved it not long ago."""

    code = "number_in_use"


class NothingToProveBy(Forbidden):
    """The member has neither a number that counts nor an address that was proved: ask support."""

    code = "ask_support"
