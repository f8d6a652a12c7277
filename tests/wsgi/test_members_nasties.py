"""Values that readers stumble over, in every place of every member's route: no fault of ours.

Each place is given some of them; `make api-fuzz` gives it all of them.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import pytest

from tests.fuzz.nasties import BODIES, MEDIA, VALUES
from tests.told import Operation, as_told, is_guarded, meant_for, operations, told
from tests.wsgi.visitors import Scene

ALL = "API_FUZZ_EXAMPLES" in os.environ
SOME = 5
"""Of each sort, for each place."""

ADDRESSES = [
    "%00",
    "a%00b",
    "%ED%A0%80",  # a lone surrogate
    "%FF",
    "%C0%AF",
    "%E2%80%AE",
    "%F0%9F%98%80",
    "%0D%0ASet-Cookie:%20a=b",
    "%25",
    "..",
    "%2e%2e",
    "-1",
    "0",
    "9223372036854775807",
    "9223372036854775808",
    "9" * 5_000,
    "1e9",
    "NaN",
    "%D9%A3",  # a three in Arabic
    "0001-01-01",
    "9999-12-31",
    "' OR 1=1",
    "x" * 70_000,
]
"""What may stand in an address, written as it stands there."""

JSON = {"Content-Type": "application/json"}

T = TypeVar("T")


def some(values: Sequence[T], place: int) -> Iterator[T]:
    """Others for each place."""
    for number in range(len(values) if ALL else SOME):
        yield values[(place * SOME + number) % len(values)]


def labels(*methods: str) -> list[str]:
    return [one.label for one in operations() if one.method.upper() in methods]


def visit(scene: Scene, operation: Operation, path: str, **sent: Any) -> None:
    """Send it, signed in where one has to be, and look at the answer."""
    who = meant_for(operation) if is_guarded(operation) else "stranger"
    headers = scene.headers(who) | sent.pop("headers", {})
    method = operation.method.upper()
    as_told(scene.world.client().open(path, method=method, headers=headers, **sent))


def filled(scene: Scene, path: str, name: str = "", value: str = "") -> str:
    """A path to what is there, but for one part of it."""
    return re.sub(
        r"{(\w+)}", lambda part: value if part[1] == name else scene.parts[part[1]](), path
    )


@pytest.mark.parametrize("label", labels("GET", "POST", "PUT", "PATCH", "DELETE"))
def test_in_addresses(scene: Scene, label: str) -> None:
    operation = told().find_operation_by_label(label)
    assert operation is not None
    body: dict[str, Any] = {} if operation.method.upper() in ("GET", "DELETE") else {"json": {}}
    for place, name in enumerate(re.findall(r"{(\w+)}", operation.path)):
        for value in some(ADDRESSES, place + len(label)):
            visit(scene, operation, filled(scene, operation.path, name, value), **body)
    for place, parameter in enumerate(operation.query):
        for value in some(ADDRESSES, place + len(label)):
            path = filled(scene, operation.path)
            visit(scene, operation, f"{path}?{parameter.name}={value}", **body)


@pytest.mark.parametrize("label", labels("POST", "PUT", "PATCH"))
def test_in_bodies(scene: Scene, label: str) -> None:
    operation = told().find_operation_by_label(label)
    assert operation is not None
    for place, name in enumerate(fields_of(operation)):
        scene.forget_tries()
        for value in some(VALUES, place + len(label)):
            body = scene.filled(dict.fromkeys(fields_of(operation), "x")) | {name: value}
            path = filled(scene, operation.path)
            visit(scene, operation, path, data=json.dumps(body), headers=JSON)
    for place, raw in enumerate(some(BODIES, len(label))):
        media = {"Content-Type": MEDIA[(place + len(label)) % len(MEDIA)]} if place % 2 else JSON
        visit(scene, operation, filled(scene, operation.path), data=raw, headers=media)


def fields_of(operation: Operation) -> list[str]:
    """The fields of its body."""
    content = operation.definition.raw.get("requestBody", {}).get("content", {})
    for alternative in content.values():
        if "$ref" not in alternative["schema"]:
            continue  # bytes, and no document
        name = alternative["schema"]["$ref"].rpartition("/")[2]
        return list(operation.schema.raw_schema["components"]["schemas"][name]["properties"])
    return []
