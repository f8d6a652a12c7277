"""Roles and logins. Pure."""

import re
from enum import StrEnum

from tracker.kit.errors import Forbidden, Invalid, Unauthenticated

_LOGIN = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Role(StrEnum):
    """What a staff member may do; each role may do what the ones before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    ADMIN = "admin"

    def includes(self, needed: "Role") -> bool:
        """Whether this role may do what ``needed`` may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


class LoginNotUsable(Invalid):
    """The login could not be told from another, or not be read, in the books."""

    code = "login_not_usable"


def check_login(login: str) -> None:
    """Raises LoginNotUsable."""
    if not _LOGIN.fullmatch(login):
        raise LoginNotUsable(
            "1 to 64 Latin letters, digits, dots, hyphens and underscores are expected,"
            f" not {login!r}"
        )


class TokenNotAccepted(Unauthenticated):
    """The staff token is missing, unknown or no longer active."""

    code = "token_not_accepted"


class RoleTooLow(Forbidden):
    """The staff member's role does not allow this."""

    code = "role_too_low"
