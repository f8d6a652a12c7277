"""The API document as schemathesis reads it, and whether answers are as it tells them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import schemathesis
from flask import Flask
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Err
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi import checks
from werkzeug.exceptions import HTTPException
from werkzeug.test import Client, TestResponse

import wsgi
from tracker.kit.crypto import new_key
from tracker.kit.settings import load_settings

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]
"""What each answer has to pass; none is left out for any route."""

NOBODYS = "postgresql://nobody@127.0.0.1:9/none"
"""A database that is not asked: the document needs none."""

Operation = APIOperation[Any, Any, Any, Any]

MEMBERS = ("/api/v1", "/go", "/r/")
"""What members call, or who wants to become one."""
STAFFS = ("/admin/api/v1",)
"""What staff call."""
SALONS = ("/salon/api/v1",)
"""What tills call."""

TOLD = ("/api/v1", "/admin/api/v1", "/salon/api/v1", "/go/", "/r/")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@cache
def told() -> BaseSchema:
    """The document."""
    return schemathesis.openapi.from_dict(Client(_app()).get("/openapi.json").get_json())


def operations() -> Iterator[Operation]:
    """Those of members, of staff and of salons; an error says which is not well described."""
    for found in told().get_all_operations():
        if isinstance(found, Err):
            raise found.err()
        operation = found.ok()
        if operation.path.startswith((*MEMBERS, *STAFFS, *SALONS)):
            yield operation


def meant_for(operation: Operation) -> str:
    """Who calls it: a member, one of the staff, or a salon."""
    if operation.path.startswith(MEMBERS):
        return "member"
    return "salon" if operation.path.startswith(SALONS) else "staff"


def is_guarded(operation: Operation) -> bool:
    """Whether strangers are told nothing but that."""
    return bool(operation.definition.raw.get("security"))


def as_told(response: TestResponse) -> TestResponse:
    """An answer that the document tells of, and as it does: else an AssertionError says why."""
    asked = response.request
    if asked.method not in METHODS or not asked.path.startswith(TOLD):
        return response
    try:
        rule, parts = _app().url_map.bind("").match(asked.path, asked.method, return_rule=True)
    except HTTPException:
        return response  # nothing of ours is there
    path = re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", r"{\1}", rule.rule)
    given = {name: str(value) for name, value in parts.items()}
    told()[path][asked.method].Case(path_parameters=given).validate_response(response, CHECKS)
    return response


@contextmanager
def all_as_told() -> Iterator[None]:
    """Every answer that any client gets meanwhile is one that the document tells of."""
    told()
    sent = Client.open

    def held(self: Client, *args: Any, **options: Any) -> TestResponse:
        return as_told(sent(self, *args, **options))

    with patch.object(Client, "open", held):
        yield


@cache
def _app() -> Flask:
    """An application that serves nobody."""
    environ = {
        "DATABASE_URL": NOBODYS,
        "DATABASE_OWNER_URL": NOBODYS,
        "REDIS_URL": "redis://127.0.0.1:9",
        "TRACKER_SECRET_KEY": new_key(),
        "LOG_LEVEL": "ERROR",
    }
    settings = load_settings(environ, Path("/nonexistent"))
    return wsgi.build_app(wsgi.runtime_from(settings, connections=1))
