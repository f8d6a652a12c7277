"""Errors become problem documents: each kind its status, and no more than ought to be said."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from psycopg.errors import ReadOnlySqlTransaction
from sqlalchemy.exc import DataError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from structlog.testing import capture_logs
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, TooManyRequests
from werkzeug.test import TestResponse

from tracker.kit import errors
from tracker.kit.errors import TrackerError
from tracker.kit.http import page_of, set_up_http
from tracker.kit.runtime import Runtime

KINDS: dict[type[TrackerError], int] = {
    errors.Unreadable: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.TooLarge: 413,
    errors.Unsupported: 415,
    errors.Invalid: 422,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}


def answer(tools: Runtime, error: Exception) -> TestResponse:
    """What a route says that raises this."""
    app = Flask("test")
    set_up_http(app, tools)

    @app.get("/")
    def fail() -> str:
        raise error

    return app.test_client().get("/")


def document(response: TestResponse) -> dict[str, Any]:
    assert response.content_type == "application/problem+json"
    found: dict[str, Any] = json.loads(response.data)
    return found


def _bare(kind: type[TrackerError]) -> TrackerError:
    """An error that was raised without words."""
    made = kind.__new__(kind)
    TrackerError.__init__(made)
    return made


def below(kind: type[TrackerError]) -> Iterator[type[TrackerError]]:
    for one in kind.__subclasses__():
        yield one
        yield from below(one)


def test_every_kind_has_its_status(tools: Runtime) -> None:
    for kind, status in KINDS.items():
        response = answer(tools, kind("said"))
        assert response.status_code == status
        found = document(response)
        assert (found["code"], found["detail"]) == (kind.code, "said")
        assert found["status"] == status


def test_of_two_that_must_look_alike_neither_says_its_status(tools: Runtime) -> None:
    class NobodyHere(errors.NotFound):
        """Nobody is let in."""

        code = "closed"
        is_a_twin = True

    class NotYou(errors.Unauthenticated):
        """Nobody is let in."""

        code = "closed"
        is_a_twin = True

    here, you = answer(tools, NobodyHere()), answer(tools, NotYou())
    assert here.data == you.data
    assert (here.status_code, you.status_code) == (404, 401)


def test_what_is_said_to_people_is_no_markup_and_no_name_of_ours() -> None:
    for one in below(TrackerError):
        said = _bare(one).detail
        assert not {"`", "fields"} & {*said, *said.split()}, one


def test_an_error_of_no_kind_is_our_own_fault(tools: Runtime) -> None:
    class BooksAreOff(TrackerError):
        """What nobody outside can be told to mend."""

    with capture_logs() as logs:
        response = answer(tools, BooksAreOff("hush"))
    assert response.status_code == 500
    assert b"hush" not in response.data
    assert [one["event"] for one in logs] == ["unexpected_error"]


def test_codes_are_words_that_others_may_rely_on() -> None:
    for one in below(TrackerError):
        assert one.code.replace("_", "").isalpha()
        assert one.code == one.code.lower()


def test_fields_at_fault_are_listed(tools: Runtime) -> None:
    found = document(answer(tools, errors.Invalid("no", fields={"a.b[0]": "is missing"})))
    assert found["errors"] == [{"field": "a.b[0]", "reason": "is missing"}]


def test_an_error_without_words_says_what_it_means(tools: Runtime) -> None:
    class ShopAsleep(errors.Conflict):
        """The shop is asleep.

        This is for whoever reads the code.
        """

    assert document(answer(tools, ShopAsleep()))["detail"] == "The shop is asleep"


def test_a_first_word_to_strangers_is_how_to_prove_themselves(tools: Runtime) -> None:
    assert answer(tools, errors.Unauthenticated()).headers["WWW-Authenticate"] == "Bearer"
    assert "WWW-Authenticate" not in answer(tools, errors.Forbidden()).headers


def test_whoever_may_try_again_is_told_when(tools: Runtime) -> None:
    assert answer(tools, errors.TooMany(retry_after=7)).headers["Retry-After"] == "7"
    assert int(answer(tools, errors.Unavailable()).headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "outage",
    [
        OperationalError("SELECT 'hush'", {}, Exception("server closed the connection")),
        InterfaceError("SELECT 'hush'", {}, Exception("connection already closed")),
        InternalError("SELECT 'hush'", {}, ReadOnlySqlTransaction("read-only transaction")),
        PoolTimeout("no connection to spare"),
    ],
)
def test_an_outage_of_the_database_is_a_503(tools: Runtime, outage: Exception) -> None:
    response = answer(tools, outage)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert document(response)["code"] == "database_unavailable"
    assert b"hush" not in response.data


def test_a_number_out_of_range_is_the_askers_fault(tools: Runtime) -> None:
    response = answer(tools, DataError("SELECT 'hush'", {}, Exception("bigint out of range")))
    assert response.status_code == 422
    assert document(response)["code"] == "invalid"
    assert b"hush" not in response.data


def test_what_nobody_expected_is_a_500_that_tells_nothing(tools: Runtime) -> None:
    with capture_logs() as logs:
        response = answer(tools, KeyError("hush"))
    assert response.status_code == 500
    assert document(response)["code"] == "unexpected_error"
    assert b"hush" not in response.data
    assert [one["event"] for one in logs] == ["unexpected_error"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (BadRequest(), 400, "unreadable"),
        (RequestEntityTooLarge(), 413, "request_entity_too_large"),
        (TooManyRequests(retry_after=3), 429, "too_many_requests"),
    ],
)
def test_errors_of_http_itself_are_documents_as_well(
    tools: Runtime, error: Exception, status: int, code: str
) -> None:
    response = answer(tools, error)
    assert response.status_code == status
    assert document(response)["code"] == code
    assert document(response)["status"] == status


def test_a_page_tells_where_the_next_one_begins() -> None:
    assert page_of([1, 2, 3], limit=2, cursor=lambda one: one) == {"items": [1, 2], "next": "2"}
    assert page_of([1, 2], limit=2, cursor=lambda one: one) == {"items": [1, 2], "next": None}
    assert page_of([], limit=2, cursor=lambda one: one) == {"items": [], "next": None}
