"""The API document: OpenAPI 3.1, complete, and true to the routes there are."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from werkzeug.routing import Rule

from tests.world import World
from tests.wsgi.json_schemas import fits
from tracker.purchases.days import EVERYTHING, Order, Sum, Word
from webhooks.adapters.native import read as read_event
from webhooks.dialects import NAMES, asks_for_mapping, named
from webhooks.errors import EventInvalid
from webhooks.schemes.keys import URL_KEY, UrlKey
from webhooks.totals.answers import note, verdict_shown
from webhooks.totals.reading import read as read_totals
from webhooks.totals.rules import Difference, TotalsInvalid, Verdict

METHODS = {"get", "put", "post", "delete", "patch"}


@pytest.fixture
def document(world: World) -> dict[str, Any]:
    response = world.client().get("/openapi.json")
    assert response.status_code == 200
    assert response.mimetype == "application/json"
    found: dict[str, Any] = response.get_json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield path, method, item[method]


def public(rule: Rule) -> bool:
    return rule.rule.startswith(("/webhooks", "/admin", "/api", "/salon", "/billing", "/go", "/r/"))


def test_it_says_what_it_is(document: dict[str, Any]) -> None:
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    assert document["info"]["title"]
    assert document["info"]["version"]


def test_it_lists_every_route_and_no_other(world: World, document: dict[str, Any]) -> None:
    routes = {
        (re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in world.app.url_map.iter_rules()
        if public(rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(path, method) for path, method, _ in operations(document)} == routes
    assert len(routes) >= 7


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        assert operation.get("summary") or operation.get("description"), where
        assert operation["responses"], where
        for answer in operation["responses"].values():
            assert answer.get("description") or "$ref" in answer, where


def test_every_parameter_of_a_path_is_named(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        wanted = set(re.findall(r"{(\w+)}", path))
        for method in METHODS & item.keys():
            told = item.get("parameters", []) + item[method].get("parameters", [])
            named = {one["name"] for one in told if one.get("in") == "path"}
            assert named == wanted, f"{method} {path}"
            assert all(one["required"] for one in told if one.get("in") == "path")


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in references(document):
        found: Any = document
        assert reference.startswith("#/")
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    if isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_the_door_tells_every_answer_of_the_contract(document: dict[str, Any]) -> None:
    door = document["paths"]["/webhooks/{slug}"]["post"]
    answers = {"200", "202", "400", "401", "404", "409", "410", "413", "415", "422", "429", "503"}
    assert answers <= door["responses"].keys()
    headers = {one["name"] for one in door["parameters"] if one["in"] == "header"}
    assert headers == {"webhook-id", "webhook-timestamp", "webhook-signature"}
    assert "application/json" in door["requestBody"]["content"]
    assert door["responses"]["404"]["content"].keys() == {"application/problem+json"}


def test_an_event_in_an_address_has_no_body_and_takes_any_names(document: dict[str, Any]) -> None:
    told = document["paths"]["/webhooks/{slug}"]["get"]
    assert "requestBody" not in told
    (query,) = [one for one in told["parameters"] if one["in"] == "query"]
    assert query["schema"]["additionalProperties"]
    assert not query["required"]
    assert {"standard-webhooks": []} not in told["security"]


WAYS_IN = {f"/admin/api/v1/{one}" for one in ("session", "enrolment", "enrolment/confirm")}
"""Where staff show who they are by what they send."""


def test_every_operation_says_what_opens_it(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    assert schemes["staff"]["scheme"] == "bearer"
    for path, method, operation in operations(document):
        # Nothing said of it: anybody may come, as to the catalogue and to a sign-in.
        asked = [name for one in operation.get("security", []) for name in one]
        assert set(asked) <= schemes.keys()
        if path in WAYS_IN and method == "post":
            assert not asked
        elif path.startswith("/admin"):
            assert asked == ["staff"], f"{method} {path}"
            assert {"401", "403"} <= operation["responses"].keys(), f"{method} {path}"
            may_be_absent = "{" in path or path == "/admin/api/v1/forecast"
            assert ("404" in operation["responses"]) == may_be_absent, f"{method} {path}"
        elif path.startswith("/webhooks"):
            assert "staff" not in asked
            assert "url-key" in asked
        elif path.startswith("/billing"):
            assert asked == ["operator"]
        elif path.startswith("/salon"):
            assert asked == ["salon"]
            assert "401" in operation["responses"]
        else:
            assert not asked or asked == ["member_cookie", "member_token"], f"{method} {path}"


def test_the_keys_in_addresses_are_those_of_the_dialects(document: dict[str, Any]) -> None:
    shown = {
        one["name"]
        for one in document["components"]["securitySchemes"].values()
        if one.get("in") == "query"
    }
    told = [named(name) for name in NAMES if not asks_for_mapping(name)]
    fields = {one.field for each in told for one in each.schemes if isinstance(one, UrlKey)}
    assert shown == fields | {URL_KEY.field}


ORDER = {"order_id": "1", "amount": "1.00", "status": "open"}
EVENT = {"type": "purchase.created", "timestamp": "2010-12-01T05:26:00Z"}
LINE = {"line_id": "1", "quantity": 6, "amount": "1530.00"}
PURCHASE = {
    "order_id": "1",
    "ordered_at": "2010-12-01T05:26:00Z",
    "currency": "RUB",
    "lines": [LINE],
}
ASIDE = {"type": "purchase.returned", "data": {"order_id": "1", "return_id": "2"}}


@pytest.mark.parametrize(
    "event",
    [
        EVENT | {"data": PURCHASE | {"click_id": None}},
        EVENT | {"type": "purchase.updated", "data": PURCHASE | {"click_id": "clk_1"}},
        EVENT | {"type": "purchase.confirmed", "data": {"order_id": "1"}},
        EVENT | {"type": "purchase.cancelled", "data": {"order_id": "1", "reason": "no"}},
        EVENT | ASIDE,
        EVENT | {"type": "purchase.confirmed", "data": {"order_id": 1}},
        EVENT | {"type": "purchase.lost", "data": {"order_id": "1"}},
        EVENT | {"data": PURCHASE | {"lines": []}},
        EVENT | {"data": PURCHASE | {"lines": [LINE | {"amount": 1530}]}},
        EVENT | {"data": PURCHASE | {"lines": [LINE | {"amount": "01.00"}]}},
        EVENT | {"data": PURCHASE | {"lines": [LINE | {"quantity": 0}]}},
        EVENT | {"data": PURCHASE | {"currency": "rub"}},
        {"type": "purchase.confirmed", "data": {"order_id": "1"}},
    ],
)
def test_our_own_events_are_told_as_they_are_read(
    document: dict[str, Any], event: dict[str, Any]
) -> None:
    assert fits(document, "NativeEvent", event) == is_read(read_event, event)


@pytest.mark.parametrize(
    "question",
    [
        {"date": "2010-12-01", "orders": [ORDER]},
        {"date": "2010-12-01", "from": "", "to": None, "orders": []},
        {"date": "2010-12-01", "buckets": [{"count": 1, "sum": "1.00", "hash": "0" * 64}]},
        {"date": "2010-12-01"},
        {"orders": [ORDER]},
        {"date": "2010-12-01", "orders": [ORDER | {"status": "new"}]},
        {"date": "2010-12-01", "orders": [ORDER | {"amount": 1}]},
        {"date": "2010-12-01", "buckets": []},
        {"date": "2010-12-01", "buckets": [{"count": -1, "sum": "1.00", "hash": "0" * 64}]},
        {"date": "2010-12-01", "buckets": [{"count": 1, "sum": "1.00", "hash": "A" * 64}]},
    ],
)
def test_control_totals_are_told_as_they_are_read(
    document: dict[str, Any], question: dict[str, Any]
) -> None:
    assert fits(document, "ControlTotals", question) == is_read(read_totals, question)


def test_what_control_totals_answer_is_told_as_it_is(document: dict[str, Any]) -> None:
    told = document["paths"]["/webhooks/{slug}/control-totals"]["post"]["responses"]["200"]
    name = told["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    ours = Order("1", 100, Word.OPEN)
    theirs = replace(ours, amount=200, word=Word.CONFIRMED)
    found = Difference([ours], [ours], [(ours, theirs)], [(ours, theirs)])
    sums = [(EVERYTHING, Sum(1, 100, "0" * 64))]
    notes = {"1": note(state="parked", reason="why", known=True, ordered_at=None)}
    for verdict in (Verdict(False, buckets=sums), Verdict(False, difference=found), Verdict(True)):
        shown = verdict_shown(verdict, date(2010, 12, 1), 1, notes)
        assert fits(document, name, shown)
        assert shown.keys() <= document["components"]["schemas"][name]["properties"].keys()
        assert not fits(document, name, shown | {"status": "perhaps"})


def is_read(read: Callable[[bytes], object], value: dict[str, Any]) -> bool:
    """Whether the door takes it."""
    try:
        read(json.dumps(value).encode())
    except (EventInvalid, TotalsInvalid):
        return False
    return True


def test_money_is_told_to_be_a_string(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    amounts = [
        field
        for title, schema in schemas.items()
        if title != "PaginationMetadata"
        for name, field in schema.get("properties", {}).items()
        if name in ("amount", "total", "pending_cashback", "confirmed_cashback")
    ]
    assert amounts
    assert all(field.get("format") == "decimal" for field in amounts)
    assert all("string" in field["type"] for field in amounts)
