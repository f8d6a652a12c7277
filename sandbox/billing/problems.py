"""Refusals over HTTP: ``application/problem+json`` with a stable ``code``."""

from flask import Flask, Response, json
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound

from sandbox.billing.topups import KeyConflict
from sandbox.billing.wire import Unreadable


def problem(status: int, code: str, detail: str, **more: object) -> Response:
    """A problem document; ``more`` are members of its own, such as the key it is about."""
    document = {"type": "about:blank", "status": status, "code": code, "detail": detail, **more}
    return Response(json.dumps(document), status, content_type="application/problem+json")


def answer_with_problems(app: Flask) -> None:
    """Let every refusal of an application be a problem document."""
    app.register_error_handler(Unreadable, _unreadable)
    app.register_error_handler(KeyConflict, _key_conflict)
    app.register_error_handler(HTTPException, _http)


def _unreadable(error: Unreadable) -> Response:
    return problem(422, "unreadable", str(error))


def _key_conflict(error: KeyConflict) -> Response:
    return problem(409, "key_conflict", "nothing of this batch was done", keys=error.keys)


def _http(error: HTTPException) -> Response:
    code = _CODES.get(type(error)) or error.name.lower().replace(" ", "_")
    return problem(error.code or 500, code, error.description or error.name)


_CODES: dict[type[HTTPException], str] = {
    NotFound: "no_such_resource",  # "not_found" is said of keys only
    InternalServerError: "internal_error",
}
