"""The billing as a WSGI application."""

import hmac

from flask import Flask, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import Unauthorized

from sandbox.billing.desk import Desk
from sandbox.billing.faults import Script
from sandbox.billing.problems import answer_with_problems
from sandbox.billing.store import Store
from sandbox.billing.telling import NOBODY, Caller

MAX_BODY = 1 << 20
"""Bytes of a request: 1,000 top-ups take about a tenth of it."""

_OPEN_TO_ALL = "/health/live"


class _InOrder(DefaultJSONProvider):
    """Writes members in the protocol's order, not the alphabet's."""

    sort_keys = False


def create_app(store: Store, script: Script, token: str, caller: Caller = NOBODY) -> Flask:
    """The protocol's routes over one set of books, for whoever knows the token."""
    app = Flask("billing")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.json = _InOrder(app)
    answer_with_problems(app)
    _guard(app, token)
    desk = Desk(store, script, caller)
    app.add_url_rule(_OPEN_TO_ALL, "live", lambda: {"status": "ok"})
    app.add_url_rule("/v1/topups", "submit", desk.submit, methods=["POST"])
    app.add_url_rule("/v1/topups/<key>", "query", desk.query)
    app.add_url_rule("/v1/numbers", "numbers", desk.numbers, methods=["POST"])
    app.add_url_rule("/v1/statement", "statement", desk.statement)
    return app


def _guard(app: Flask, token: str) -> None:
    if not token:
        raise ValueError("an empty token would let everybody in")
    expected = f"Bearer {token}".encode()

    @app.before_request
    def check() -> None:
        given = request.headers.get("Authorization", "").encode()
        if request.path != _OPEN_TO_ALL and not hmac.compare_digest(given, expected):
            raise Unauthorized("the token is missing or another")
