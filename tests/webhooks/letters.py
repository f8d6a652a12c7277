"""What the tests of the door write and read: signed headers, events, problem documents."""

import itertools
import json
from collections.abc import Sequence
from typing import Any

from werkzeug.test import TestResponse

from tests.world import Shop, World, created, day
from tracker.kit.clock import SystemClock
from webhooks.signatures import sign

_NUMBERS = itertools.count(1)


def event(**changes: Any) -> dict[str, Any]:
    """A good purchase of one line, never told before; changes are to its data."""
    told = created(f"order-{next(_NUMBERS)}", None, 100, at=day(1))
    told["data"] |= changes
    return told


def body(**changes: Any) -> bytes:
    """The same as bytes."""
    return json.dumps(event(**changes)).encode()


def now() -> int:
    """Unix seconds."""
    return int(SystemClock().now().timestamp())


def headers(
    key: bytes | Sequence[bytes],
    raw: bytes,
    *,
    webhook_id: str | None = None,
    at: int | None = None,
) -> dict[str, str]:
    """The headers of a message signed with one key, or with several."""
    webhook_id = webhook_id or f"letter_{next(_NUMBERS)}"
    moment = str(now() if at is None else at)
    keys = [key] if isinstance(key, bytes) else key
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(sign(one, webhook_id, moment, raw) for one in keys),
        "content-type": "application/json",
    }


def send(house: World, slug: str, raw: bytes, given: dict[str, str]) -> TestResponse:
    """Post bytes under exactly these headers."""
    return house.client().post(f"/webhooks/{slug}", data=raw, headers=given)


def problem(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer, which must have this status and code."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.content_type == "application/problem+json"
    document: dict[str, Any] = json.loads(response.data)
    assert document["code"] == code
    assert {"type", "title", "detail"} <= document.keys()
    assert document.get("status", status) == status
    return document


def faults(response: TestResponse) -> set[str]:
    """The fields that a 422 names."""
    document = problem(response, 422, "event_invalid")
    assert all(one["reason"] for one in document["errors"])
    return {one["field"] for one in document["errors"]}


def stored(house: World, shop: Shop) -> list[str]:
    """The ids of the events that were stored for a shop."""
    sql = "SELECT webhook_id FROM inbox_events WHERE shop_id = :shop ORDER BY id"
    return [row.webhook_id for row in house.query(sql, shop=shop.id)]
