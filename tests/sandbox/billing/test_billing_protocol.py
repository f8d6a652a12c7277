"""The protocol as an operator's engineer meets it: the real process, plain HTTP."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx2
import pytest

from sandbox.billing.process import BillingProcess, running_billing
from sandbox.billing.truth import paid_topups

TOKEN = "protocol-test-token"
NEW_YEAR = "2011-01-01T00:00:00+03:00 x0 @0"
BEFORE_NEW_YEAR = "2010-12-31T23:59:59.999999+03:00 x0 @0"
ONE = {"key": "payout:1", "phone": "+79000000001", "amount": "150.00"}


@pytest.fixture(scope="module")
def billing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BillingProcess]:
    with running_billing(tmp_path_factory.mktemp("books"), token=TOKEN, clock=NEW_YEAR) as running:
        yield running


@pytest.fixture(scope="module")
def http(billing: BillingProcess) -> Iterator[httpx2.Client]:
    with caller(billing) as client:
        yield client


def caller(billing: BillingProcess) -> httpx2.Client:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    # A connection each: one that was kept may be closed by the server as it is used again.
    fresh = httpx2.Limits(max_keepalive_connections=0)
    return httpx2.Client(
        base_url=billing.url, headers=headers, timeout=20, trust_env=False, limits=fresh
    )


def submit(http: httpx2.Client, *topups: object) -> httpx2.Response:
    return http.post("/v1/topups", json={"topups": topups})


def test_health_needs_no_token(billing: BillingProcess) -> None:
    assert httpx2.get(f"{billing.url}/health/live", trust_env=False).json() == {"status": "ok"}


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer another", TOKEN])
@pytest.mark.parametrize("path", ["/v1/topups/x", "/v1/statement?day=2011-01-01", "/nowhere"])
def test_nothing_else_is_open(billing: BillingProcess, path: str, header: str) -> None:
    headers = {"Authorization": header}
    answer = httpx2.get(billing.url + path, headers=headers, trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_topup_is_paid_and_remembered(http: httpx2.Client, billing: BillingProcess) -> None:
    first = submit(http, ONE)
    (result,) = first.json()["results"]
    reference = result.pop("reference")
    assert result.pop("at") == "2010-12-31T21:00:00+00:00"
    assert result == {"key": "payout:1", "status": "paid", "amount": "150.00", "reason": None}
    assert first.text == submit(http, ONE).text
    assert http.get("/v1/topups/payout%3A1").json()["reference"] == reference
    assert paid_topups(billing.data)["payout:1"] == 15_000


def test_a_key_with_other_content_is_a_conflict(
    http: httpx2.Client, billing: BillingProcess
) -> None:
    submit(http, {**ONE, "key": "taken"})
    other = {**ONE, "key": "taken", "amount": "150.01"}
    answer = submit(http, {**ONE, "key": "bystander"}, other)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["keys"]) == (
        409,
        "key_conflict",
        ["taken"],
    )
    assert "bystander" not in paid_topups(billing.data)


@pytest.mark.parametrize(
    ("phone", "reason"),
    [
        ("+79990000000", "number_not_served"),
        ("+79990019999", "number_closed"),
        ("89000000001", "number_not_served"),
        ("+390000000001", "number_not_served"),
    ],
)
def test_numbers_that_cannot_be_topped_up(http: httpx2.Client, phone: str, reason: str) -> None:
    answer = submit(http, {**ONE, "key": f"to{phone[1:]}", "phone": phone})
    (result,) = answer.json()["results"]
    assert (result["status"], result["reference"], result["reason"]) == ("failed", None, reason)


def test_results_come_in_the_order_asked(http: httpx2.Client) -> None:
    keys = ["z", "a", "m"]
    answer = submit(http, *({**ONE, "key": key} for key in keys))
    assert [result["key"] for result in answer.json()["results"]] == keys


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[" * 5_000,
        b'{"topups": []}',
        b'{"topups": "all"}',
        b'{"topups": [{}], "more": 1}',
        json.dumps({"topups": [ONE, ONE]}).encode(),
        json.dumps({"topups": [{**ONE, "key": str(n)} for n in range(1001)]}).encode(),
        *(
            json.dumps({"topups": [{**ONE, **wrong}]}).encode()
            for wrong in (
                {"key": ""},
                {"key": "a/b"},
                {"key": "k" * 65},
                {"key": 1},
                {"phone": None},
                {"phone": "\x00" * 65},
                {"amount": 150},
                {"amount": "0.00"},
                {"amount": "-1"},
                {"amount": "1.234"},
                {"note": "hi"},
            )
        ),
    ],
)
def test_what_is_no_batch_is_refused_whole(
    http: httpx2.Client, billing: BillingProcess, body: bytes
) -> None:
    before = paid_topups(billing.data)
    answer = http.post("/v1/topups", content=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "unreadable")
    assert paid_topups(billing.data) == before


def test_a_body_above_the_limit_is_refused(http: httpx2.Client) -> None:
    assert http.post("/v1/topups", content=b" " * (2 << 20)).status_code == 413


def test_an_unknown_key_is_named_in_the_refusal(http: httpx2.Client) -> None:
    answer = http.get("/v1/topups/never%3Acame")
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["key"]) == (404, "not_found", "never:came")


def test_whose_numbers_are_is_told_in_the_order_asked(http: httpx2.Client) -> None:
    phones = ["+79990000001", "+79000000001", "no number"]
    answer = http.post("/v1/numbers", json={"phones": phones})
    assert answer.json()["results"] == [
        {"phone": "+79990000001", "served": False},
        {"phone": "+79000000001", "served": True},
        {"phone": "no number", "served": False},
    ]
    assert http.post("/v1/numbers", json={"phones": []}).status_code == 422
    assert http.post("/v1/numbers", json={"phones": [7]}).status_code == 422


def test_another_404_says_something_else(http: httpx2.Client) -> None:
    assert http.get("/v2/topups/payout:1").json()["code"] == "no_such_resource"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "day=",
        "day=20110101",
        "day=2011-02-29",
        "day=2011-01-01&limit=0",
        "day=2011-01-01&limit=5001",
        "day=2011-01-01&limit=many",
    ],
)
def test_a_statement_needs_a_day(http: httpx2.Client, query: str) -> None:
    assert http.get(f"/v1/statement?{query}").status_code == 422


def test_the_books_outlive_a_crash_and_midnight_parts_the_days(tmp_path: Path) -> None:
    with (
        running_billing(tmp_path, token=TOKEN, clock=BEFORE_NEW_YEAR) as old_year,
        caller(old_year) as http,
    ):
        before = submit(http, {**ONE, "key": "a"}).text
        old_year.kill()
    with (
        running_billing(tmp_path, token=TOKEN, clock=NEW_YEAR) as new_year,
        caller(new_year) as http,
    ):
        assert submit(http, {**ONE, "key": "a"}).text == before
        submit(http, {**ONE, "key": "b"}, {**ONE, "key": "c", "phone": "+79990000000"})
        last, first = (
            http.get("/v1/statement", params={"day": day.isoformat()}).json()
            for day in (date(2010, 12, 31), date(2011, 1, 1))
        )
    assert [line["key"] for line in last["lines"]] == ["a"]
    assert last["lines"][0]["at"] == "2010-12-31T20:59:59.999999+00:00"
    assert [line["key"] for line in first["lines"]] == ["b"]
    assert first["lines"][0]["at"] == "2010-12-31T21:00:00+00:00"
    assert (first["day"], first["count"], first["total"]) == ("2011-01-01", 1, "150.00")
    assert paid_topups(tmp_path) == {"a": 15_000, "b": 15_000}
