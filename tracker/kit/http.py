"""HTTP for every edge: problem documents, statuses of error kinds, paging, and the runtime."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import flask
import flask_smorest
from flask import Flask, Request, Response, current_app
from marshmallow import missing
from sqlalchemy.exc import DataError
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException

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
    TrackerError,
    Unauthenticated,
    Unavailable,
    Unreadable,
    Unsupported,
)
from tracker.kit.logs import log
from tracker.kit.runtime import Runtime
from tracker.kit.strict_json import decode

_LOG = log("http")
_RUNTIME = "tracker"

MAX_BODY = 1024 * 1024
"""Bytes that a request may have where a route does not say otherwise."""

_STATUSES: dict[type[TrackerError], int] = {
    Unreadable: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    NotAllowed: 405,
    Conflict: 409,
    Gone: 410,
    TooLarge: 413,
    Unsupported: 415,
    Invalid: 422,
    TooMany: 429,
    Unavailable: 503,
}

T = TypeVar("T")


class _StrictParser(FlaskParser):
    """Reads bodies as strictly as the front door does."""

    def _raw_load_json(self, req: Request) -> Any:
        return decode(req.get_data()) if req.is_json else missing


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """A documented part of the API whose bodies are strict JSON."""

    ARGUMENTS_PARSER = _StrictParser()


def runtime() -> Runtime:
    """The tools of the process that serves this request."""
    found: Runtime = current_app.extensions[_RUNTIME]
    return found


def status_of(error: TrackerError) -> int:
    """The HTTP status of an error's kind; 500 for one that has no kind."""
    return next((code for kind, code in _STATUSES.items() if isinstance(error, kind)), 500)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    fields: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An RFC 9457 problem document with a stable ``code``."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": code.replace("_", " ").capitalize(),
        "code": code,
        "detail": detail,
    }
    if status not in (401, 404):
        # These two must not differ from one another by a byte of the body.
        body["status"] = status
    if fields:
        body["errors"] = [{"field": name, "reason": why} for name, why in fields.items()]
    response = flask.json.jsonify(body)
    response.status_code = status
    response.mimetype = "application/problem+json"
    response.headers.update(headers or {})
    return response


def set_up_http(app: Flask, tools: Runtime) -> None:
    """Give an application its runtime, and let every error leave as a problem document."""
    app.extensions[_RUNTIME] = tools
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.register_error_handler(TrackerError, _said_no)
    app.register_error_handler(HTTPException, _http_said_no)
    for outage in AWAY:
        app.register_error_handler(outage, _database_away)
    app.register_error_handler(DataError, _out_of_range)
    app.register_error_handler(Exception, _broken)
    app.after_request(_careful_headers)


def _said_no(error: TrackerError) -> Response:
    status = status_of(error)
    if status == 500:
        return _broken(error)
    headers = {}
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.retry_after)
    if error.challenge:
        headers["WWW-Authenticate"] = error.challenge
    if isinstance(error, Unavailable):
        headers["Retry-After"] = "5"
    return problem(status, error.code, error.detail, fields=error.fields, headers=headers)


def _http_said_no(error: HTTPException) -> Response:
    status = error.code or 500
    faults = getattr(error, "data", {}).get("messages", {})
    code = {400: "unreadable", 422: "invalid"}.get(status, error.name.lower().replace(" ", "_"))
    passed = error.get_response().headers
    headers = {
        name: passed[name] for name in ("Allow", "Retry-After", "Location") if name in passed
    }
    return problem(
        status, code, error.description or error.name, fields=_flat(faults), headers=headers
    )


def _database_away(error: Exception) -> Response:
    _LOG.error("database_away", error=str(error).splitlines()[0])
    return problem(
        503,
        "database_unavailable",
        "It may not have been done. Try again later: nothing happens twice.",
        headers={"Retry-After": "5"},
    )


def _out_of_range(error: Exception) -> Response:
    """Ids and cursors are numbers of eight bytes, and JSON knows larger ones."""
    _LOG.warning("out_of_range", error=str(error).splitlines()[0])
    return problem(422, "invalid", "A number in the request is out of range.")


def _broken(error: Exception) -> Response:
    _LOG.error("unexpected_error", exc_info=error)
    return problem(500, "unexpected_error", "Our fault, and it has been logged.")


def _careful_headers(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _flat(faults: Any, path: str = "") -> dict[str, str]:
    """marshmallow's nested messages as one text for each dotted field."""
    if isinstance(faults, Mapping):
        found: dict[str, str] = {}
        for name, inner in faults.items():
            below = path if name in ("json", "query", "form", "_schema") else f"{path}.{name}"
            found |= _flat(inner, below.strip("."))
        return found
    said = faults if isinstance(faults, list) else [faults]
    return {path or "body": " ".join(map(str, said))}


def page_of(items: Sequence[T], *, limit: int, cursor: Callable[[T], object]) -> dict[str, Any]:
    """A page of a list asked for with one item more than ``limit``; ``next`` is None at the end."""
    more = len(items) > limit
    shown = list(items[:limit])
    return {"items": shown, "next": str(cursor(shown[-1])) if more else None}
