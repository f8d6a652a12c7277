"""Whatever is posted, the door says what is wrong with it, and keeps nothing it did not accept."""

import copy
import json
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.doors import both_doors
from tests.webhooks.letters import event, headers, send
from tests.world import Shop, World, cancelled, confirmed, day, returned
from tracker.kit.errors import TrackerError
from webhooks.adapters.native import read

SEEDED = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
VALID = [
    event(),
    confirmed("A-1", at=day(3)),
    returned("A-1", "R-1", {"1": 5}, at=day(4)),
    cancelled("A-1", at=day(5)),
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["purchase.created", "1.00", "2010-12-01T00:00:00Z", "RUB", "\0", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


@settings(SEEDED, max_examples=500)
@given(value=VALUES)
def test_any_value_is_read_or_refused(value: Any) -> None:
    with suppress(TrackerError):
        read(json.dumps({**event(), "data": value}).encode())


def post(house: World, shop: Shop, raw: bytes) -> TestResponse:
    """Send it genuinely signed, and see that it was kept if and only if it was accepted."""
    before = count(house)
    response = send(house, shop.slug, raw, headers(shop.secret, raw))
    assert response.status_code in {202, 400, 413, 422}, (response.status_code, raw)
    assert count(house) - before == (response.status_code == 202)
    if response.status_code != 202:
        assert response.content_type == "application/problem+json"
    return response


def count(house: World) -> int:
    return int(house.query("SELECT count(*) FROM inbox_events")[0].count)


@both_doors
@SEEDED
@given(raw=st.binary(max_size=400))
def test_any_bytes(house: World, shop: Shop, raw: bytes) -> None:
    assert post(house, shop, raw).status_code in {400, 422}


@both_doors
@SEEDED
@given(value=VALUES)
def test_any_json(house: World, shop: Shop, value: Any) -> None:
    assert post(house, shop, json.dumps(value).encode()).status_code in {400, 422}


@both_doors
@SEEDED
@given(data=st.data())
def test_good_events_with_one_place_changed(house: World, shop: Shop, data: st.DataObject) -> None:
    changed = copy.deepcopy(data.draw(st.sampled_from(VALID)))
    spoil(changed, data)
    post(house, shop, json.dumps(changed).encode())


@both_doors
@SEEDED
@given(data=st.data())
def test_good_events_with_their_bytes_changed(
    house: World, shop: Shop, data: st.DataObject
) -> None:
    raw = bytearray(json.dumps(data.draw(st.sampled_from(VALID))).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        match data.draw(st.sampled_from(["change", "insert", "cut"])):
            case "change":
                raw[place] = data.draw(st.integers(0, 255))
            case "insert":
                raw[place:place] = data.draw(st.binary(max_size=6))
            case _:
                del raw[place : place + data.draw(st.integers(1, 20))]
        if not raw:
            return
    post(house, shop, bytes(raw))


def spoil(value: Any, data: st.DataObject) -> None:
    """Walk down a while, then change, drop or add something."""
    while isinstance(value, dict | list) and value:
        key: Any = data.draw(
            st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value)))
        )
        if isinstance(value[key], dict | list) and value[key] and data.draw(st.booleans()):
            value = value[key]
            continue
        if data.draw(st.booleans()):
            value[key] = data.draw(VALUES)
        else:
            del value[key]
        return
