"""The API document: OpenAPI 3.1, complete, and true to the routes there are."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.routing import Rule

from tests.world import World

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
    return rule.rule.startswith(("/webhooks", "/admin"))


def test_it_says_what_it_is(document: dict[str, Any]) -> None:
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    assert document["info"]["title"]
    assert document["info"]["version"]


def test_it_lists_every_route_and_no_other(world: World, document: dict[str, Any]) -> None:
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
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
