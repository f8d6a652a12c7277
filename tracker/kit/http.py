"""HTTP by Flask, for every edge: problem documents, strict bodies, paging, the runtime."""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any, TypeVar

import flask_smorest
from flask import Flask, Request, Response, current_app, request
from flask.views import MethodView
from marshmallow import RAISE, missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException

from tracker.kit.documents import ProblemSchema, refusal
from tracker.kit.errors import Invalid, Unsupported
from tracker.kit.problems import CAREFUL, MEDIA, Problem, problem, problem_of
from tracker.kit.runtime import Runtime
from tracker.kit.strict_json import decode

_RUNTIME = "tracker"

MAX_BODY = 1024 * 1024
"""Bytes that a request may have where a route does not say otherwise."""

MAX_ID = 2**63 - 1
"""The largest number that a row may have."""

_WITH_PORT = re.compile(r"(\d+\.\d+\.\d+\.\d+|\[[^\]]*\]):\d+", re.ASCII)
"""An address as some proxies tell it."""

T = TypeVar("T")


class _StrictParser(FlaskParser):
    """Reads bodies as strictly as the front door does, and passes over no unknown filter."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012 (as in its base)
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": RAISE,
    }

    def _raw_load_json(self, req: Request) -> Any:
        if req.is_json:
            return decode(req.get_data())
        if req.get_data():
            raise Unsupported("Bodies are application/json.")
        return missing


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """A documented part of the API whose bodies are strict JSON."""

    ARGUMENTS_PARSER = _StrictParser()

    def route(self, rule: str, **options: Any) -> Callable[[type[MethodView]], type[MethodView]]:
        """A route, with the answers that follow from its kind; numbers in its path are ids."""
        add = super().route(rule.replace("<int:", f"<int(max={MAX_ID}):"), **options)

        def decorated(view: type[MethodView]) -> type[MethodView]:
            for method in view.methods or ():
                handler = getattr(view, method.lower())
                told = self.doc(responses=_usual_answers(handler, named="<" in rule))(handler)
                setattr(view, method.lower(), told)
            added: type[MethodView] = add(view)
            return added

        return decorated


def _usual_answers(handler: Any, *, named: bool) -> dict[str, Any]:
    """What a route may answer besides what it tells itself."""
    told = getattr(handler, "_apidoc", {})
    answers = {"503": refusal("The database is away; Retry-After says when to try again")}
    if named:
        answers["404"] = refusal("Nothing of this name or number")
        answers["422"] = refusal("It cannot be the name of anything, or a field is wrong")
    if any(one["in"] == "json" for one in told.get("arguments", {}).get("parameters", ())):
        answers |= {
            "400": refusal("The body cannot be read"),
            "413": refusal("The body is too large"),
            "415": refusal("The body is not application/json"),
        }
    said = told.get("manual_doc", {}).get("responses", {})
    return {status: one for status, one in answers.items() if status not in said}


def see_that_nothing_is_filtered(view: Callable[..., Any]) -> None:
    """A view that takes no filters passes over none. Raises Invalid."""
    told = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", ())
    if request.args and not any(one["in"] == "query" for one in told):
        raise Invalid(fields=dict.fromkeys(request.args, "Unknown field."))


class Api(flask_smorest.Api):  # type: ignore[misc]
    """The API document, whose errors are problem documents.

    It is written when it is first asked for: that takes longer than all else that a process does
    to begin, and most processes are never asked.
    """

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_ERROR_RESPONSE_NAME = None
    """Each route tells every answer that it may give."""

    def __init__(self, app: Flask) -> None:
        self._unwritten: list[flask_smorest.Blueprint] = []
        self._writing = threading.Lock()
        super().__init__(app)

    def register_blueprint(self, blp: flask_smorest.Blueprint, **options: Any) -> None:
        """Serve its routes, and let them be in the document."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blp.name] = self
        self._app.register_blueprint(blp, **options)
        self._unwritten.append(blp)

    def _openapi_json(self) -> Response:
        with self._writing:
            while self._unwritten:
                blueprint = self._unwritten.pop(0)
                blueprint.register_views_in_doc(
                    self, self._app, self.spec, name=blueprint.name, parameters=None
                )
                self.spec.tag({"name": blueprint.name, "description": blueprint.description})
        said: Response = super()._openapi_json()
        return said

    def _register_responses(self) -> None:
        """What a route may answer that does not say more of it: also a problem document."""
        for status in HTTPStatus:
            self.spec.components.response(status.name, refusal(status.phrase), lazy=True)


def runtime() -> Runtime:
    """The tools of the process that serves this request."""
    found: Runtime = current_app.extensions[_RUNTIME]
    return found


def client_address() -> str:
    """Who sent this request, as far as it can be believed: an IPv4 address, or an IPv6 /64.

    What stands in ``X-Forwarded-For`` anybody may have written, but for the last entries: as many
    as there are proxies of ours. A /64 is what one household or phone has at least.
    """
    peer = request.remote_addr or ""
    proxies = runtime().settings.proxies
    if not proxies:
        return _network(peer)
    told = ",".join(request.headers.getlist("X-Forwarded-For")).split(",")
    # Each proxy adds whom it heard from; whoever came by fewer of them is who stands first.
    entry = told[-proxies:][0].strip()
    return _network(entry) if entry else _network(peer)


def _network(text: str) -> str:
    """What an address counts as; a text that is none counts as it stands, cut short.

    Some proxies tell the port as well, which is another one each time.
    """
    with_port = _WITH_PORT.fullmatch(text)
    bare = with_port[1] if with_port else text
    try:
        address = ip_address(bare.strip("[]").partition("%")[0])
    except ValueError:
        return text[:45]
    if isinstance(address, IPv4Address):
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped) if mapped else str(ip_network((address, 64), strict=False))


def set_up_http(app: Flask, tools: Runtime) -> None:
    """Give an application its runtime, and let every error leave as a problem document."""
    app.extensions[_RUNTIME] = tools
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.register_error_handler(HTTPException, _failed)  # or flask-smorest's would go before it
    app.register_error_handler(Exception, _failed)
    app.after_request(_careful_headers)


def _failed(error: Exception) -> Response:
    said = _of_http(error) if isinstance(error, HTTPException) else problem_of(error)
    response = Response(said.body, said.status, mimetype=MEDIA)
    response.headers.update(said.headers)
    return response


def _of_http(error: HTTPException) -> Problem:
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


def _careful_headers(response: Response) -> Response:
    for name, value in CAREFUL.items():
        response.headers.setdefault(name, value)
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
