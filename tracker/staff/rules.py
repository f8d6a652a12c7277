"""Roles, logins, and what tokens may do. Pure."""

import re
from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from tracker.kit.errors import Forbidden, Invalid, Unauthenticated

_LOGIN = re.compile(r"[A-Za-z0-9._-]{1,64}")
_MAX_SCOPES = 20

AREAS = (
    "adjustments",
    "alerts",
    "audit",
    "certificates",
    "claims",
    "control-totals",
    "forecast",
    "funding",
    "inbox",
    "invoices",
    "members",
    "offers",
    "payments",
    "periods",
    "proposals",
    "purchases",
    "receivables",
    "referrals",
    "reports",
    "session",
    "settlements",
    "shops",
    "staff",
    "statements",
    "tokens",
)
"""What a token may be of: the words that stand behind ``/admin/api/v1/``."""

TOKEN_DAYS = 365
"""After which a token is over by default."""

IDLE = timedelta(minutes=30)
"""A session is over so long after its last request."""

LONGEST = timedelta(hours=12)
"""And so long after it began, whatever was asked for."""


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


class Scope(StrEnum):
    """What a request does; a token may say it alone, or of an area: ``reports:read``."""

    READ = "read"
    WRITE = "write"


ALL_SCOPES = tuple(str(one) for one in Scope)
_SCOPES = frozenset(ALL_SCOPES) | {f"{area}:{scope}" for area in AREAS for scope in Scope}


class LoginNotUsable(Invalid):
    """The login could not be told from another, or not be read, in the books."""

    code = "login_not_usable"


class ScopeNotKnown(Invalid):
    """That is no scope of a token."""

    code = "scope_not_known"


class TokenNotAccepted(Unauthenticated):
    """The staff token is missing, unknown or no longer active."""

    code = "token_not_accepted"


class RoleTooLow(Forbidden):
    """The staff member's role does not allow this."""

    code = "role_too_low"


class ScopeTooNarrow(Forbidden):
    """The token was not made for this."""

    code = "scope_too_narrow"


def check_login(login: str) -> None:
    """Raises LoginNotUsable."""
    if not _LOGIN.fullmatch(login):
        raise LoginNotUsable(
            "1 to 64 Latin letters, digits, dots, hyphens and underscores are expected,"
            f" not {login!r}"
        )


def same_person(one: str, other: str) -> bool:
    """Whether two logins are one person's: who differs by capitals alone does not differ."""
    return one.casefold() == other.casefold()


def check_scopes(scopes: Iterable[str]) -> list[str]:
    """Scopes in order, each once: ``read`` and ``write``, or of an area, the word that stands
    behind ``/admin/api/v1/``. Raises ScopeNotKnown, also for none."""
    found = sorted(set(scopes))
    if not 1 <= len(found) <= _MAX_SCOPES:
        raise ScopeNotKnown(fields={"scopes": f"1 to {_MAX_SCOPES} are expected"})
    unknown = [one for one in found if one not in _SCOPES]
    if unknown:
        raise ScopeNotKnown(
            f"no scope is called {', '.join(unknown)}",
            fields={
                "scopes": "read, write, or one of them of an area, such as reports:read;"
                f" areas: {', '.join(AREAS)}"
            },
        )
    return found


def allows(scopes: Iterable[str], needed: Scope, area: str | None) -> bool:
    """Whether a token of these scopes may; ``area``: None for what lies in none, as commands."""
    wanted = {str(needed)} | ({f"{area}:{needed}"} if area else set())
    return not wanted.isdisjoint(scopes)


def is_within(scopes: Iterable[str], others: Iterable[str]) -> bool:
    """Whether whoever has ``others`` has all of ``scopes``."""
    held = set(others)
    return all(one in held or one.rpartition(":")[2] in held for one in scopes)
