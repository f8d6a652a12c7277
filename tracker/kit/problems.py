"""Errors as problem documents (RFC 9457), for every transport: the same bytes from each of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import DataError

from tracker.kit.database import AWAY
from tracker.kit.errors import (
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotAllowed,
    NotFound,
    TooLarge,
    TooMany,
    TooSlow,
    TrackerError,
    Unauthenticated,
    Unavailable,
    Unreadable,
    Unsupported,
)
from tracker.kit.logs import log

_LOG = log("http")

MEDIA = "application/problem+json"

CAREFUL = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
"""Headers of every answer that does not say otherwise."""

_STATUSES: dict[type[TrackerError], int] = {
    Unreadable: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    NotAllowed: 405,
    TooSlow: 408,
    Conflict: 409,
    Gone: 410,
    TooLarge: 413,
    Unsupported: 415,
    Invalid: 422,
    TooMany: 429,
    Unavailable: 503,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer that says what is wrong, with a stable ``code`` in it."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    """Beside the content type and what every answer has."""


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    fields: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    is_a_twin: bool = False,
) -> Problem:
    """The document of a status, a code and a text for people; of a twin without the status."""
    said: dict[str, Any] = {
        "type": "about:blank",
        "title": code.replace("_", " ").capitalize(),
        "code": code,
        "detail": detail,
    }
    if not is_a_twin:
        said["status"] = status
    if fields:
        said["errors"] = [{"field": name, "reason": why} for name, why in fields.items()]
    text = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
    # A name that was refused for a lone surrogate in it may stand in what we say of it.
    body = text.encode("utf-8", "backslashreplace") + b"\n"
    return Problem(status, body, headers or {})


def problem_of(error: Exception) -> Problem:
    """What an error says to whoever asked. What is our own fault is logged, and tells nothing."""
    if isinstance(error, TrackerError) and (status := _status_of(error)):
        return _said_no(status, error)
    if isinstance(error, AWAY):
        return _database_away(error)
    if isinstance(error, DataError):
        return _out_of_range(error)
    _LOG.error("unexpected_error", exc_info=error)
    return problem(500, "unexpected_error", "Our fault, and it has been logged.")


def _status_of(error: TrackerError) -> int | None:
    return next((code for kind, code in _STATUSES.items() if isinstance(error, kind)), None)


def _said_no(status: int, error: TrackerError) -> Problem:
    headers = {}
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.retry_after)
    if error.challenge:
        headers["WWW-Authenticate"] = error.challenge
    if isinstance(error, Unavailable):
        headers["Retry-After"] = "5"
    return problem(
        status,
        error.code,
        error.detail,
        fields=error.fields,
        headers=headers,
        is_a_twin=error.is_a_twin,
    )


def _database_away(error: Exception) -> Problem:
    _LOG.error("database_away", error=str(error).splitlines()[0])
    return problem(
        503,
        "database_unavailable",
        "It may not have been done. Try again later: nothing happens twice.",
        headers={"Retry-After": "5"},
    )


def _out_of_range(error: Exception) -> Problem:
    """Ids and cursors are numbers of eight bytes, and JSON knows larger ones."""
    _LOG.warning("out_of_range", error=str(error).splitlines()[0])
    return problem(422, "invalid", "A number in the request is out of range.")
