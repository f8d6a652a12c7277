"""Roles. Pure."""

from enum import StrEnum

from tracker.kit.errors import Forbidden, Unauthenticated


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


class TokenNotAccepted(Unauthenticated):
    """The staff token is missing, unknown or no longer active."""

    code = "token_not_accepted"


class RoleTooLow(Forbidden):
    """The staff member's role does not allow this."""

    code = "role_too_low"
