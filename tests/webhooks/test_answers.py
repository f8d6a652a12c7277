"""The contract's table of answers, row by row."""

import gzip
import json

import pytest

from partners.shops.rules import ShopStatus
from tests.doors import both_doors
from tests.webhooks.letters import body, faults, headers, problem, send, stored
from tests.world import Shop, World
from webhooks.wire.dialect import MAX_BODY

pytestmark = both_doors


def test_202_stored_durably_once(house: World, shop: Shop) -> None:
    raw = body()
    response = house.post(shop, raw, webhook_id="msg_a")
    assert response.status_code == 202
    assert response.content_type == "application/json"
    assert response.get_json() == {"id": "msg_a", "status": "accepted"}
    (row,) = house.query(
        "SELECT * FROM inbox_events JOIN inbox_bodies ON event_id = id WHERE shop_id = :shop",
        shop=shop.id,
    )
    assert (row.webhook_id, bytes(row.body), row.state) == ("msg_a", raw, "waiting")


def test_200_the_same_again(house: World, shop: Shop) -> None:
    raw = body()
    assert house.post(shop, raw, webhook_id="msg_a").status_code == 202
    for _ in range(2):
        response = house.post(shop, raw, webhook_id="msg_a")
        assert response.status_code == 200
        assert response.get_json() == {"id": "msg_a", "status": "duplicate"}
    assert stored(house, shop) == ["msg_a"]


def test_400_unreadable(house: World, shop: Shop) -> None:
    document = problem(house.post(shop, b'{"type": '), 400, "unreadable")
    assert "line 1, column 10" in document["detail"]
    assert stored(house, shop) == []


@pytest.mark.parametrize("size", [MAX_BODY + 1, 10 * MAX_BODY])
def test_413_too_large(house: World, shop: Shop, size: int) -> None:
    problem(house.post(shop, body().ljust(size)), 413, "too_large")
    assert stored(house, shop) == []


def test_256_kib_are_taken(house: World, shop: Shop) -> None:
    assert house.post(shop, body().ljust(MAX_BODY)).status_code == 202


@pytest.mark.parametrize(
    "media", ["", "text/plain", "application/x-www-form-urlencoded", "application/json5", "json"]
)
def test_415_not_json(house: World, shop: Shop, media: str) -> None:
    response = house.post(shop, body(), headers={"content-type": media})
    problem(response, 415, "unsupported_media_type")
    assert stored(house, shop) == []


def test_415_compressed(house: World, shop: Shop) -> None:
    packed = gzip.compress(body())
    response = house.post(shop, packed, headers={"content-encoding": "gzip"})
    problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "media",
    ["application/json; charset=utf-8", "Application/JSON", "application/json;charset=UTF-8"],
)
def test_a_charset_beside_the_type_is_taken(house: World, shop: Shop, media: str) -> None:
    assert house.post(shop, body(), headers={"content-type": media}).status_code == 202


def test_422_names_the_field_and_says_why(house: World, shop: Shop) -> None:
    response = house.post(shop, body(currency=None))
    document = problem(response, 422, "event_invalid")
    assert document["errors"] == [{"field": "data.currency", "reason": "is missing"}]


def test_422_names_all_fields_at_once(house: World, shop: Shop) -> None:
    lines = [{"line_id": "1", "quantity": 0, "amount": 5}]
    found = faults(house.post(shop, body(order_id=7, ordered_at="today", lines=lines)))
    assert found == {
        "data.order_id",
        "data.ordered_at",
        "data.lines[0].quantity",
        "data.lines[0].amount",
    }


def test_401_and_404_look_the_same(house: World, shop: Shop) -> None:
    raw = body()
    forged = headers(b"not the key", raw)
    answers = [send(house, slug, raw, forged) for slug in (shop.slug, "no-such-shop")]
    problem(answers[0], 401, "not_let_in")
    problem(answers[1], 404, "not_let_in")
    assert answers[0].data == answers[1].data
    assert answers[0].headers == answers[1].headers
    assert stored(house, shop) == []


def test_409_the_same_id_with_another_body(house: World, shop: Shop) -> None:
    house.post(shop, body(), webhook_id="msg_a")
    problem(house.post(shop, body(), webhook_id="msg_a"), 409, "webhook_id_reused")
    assert stored(house, shop) == ["msg_a"]


def test_410_the_shop_has_left(house: World) -> None:
    left = house.shop("gone-for-good", status=ShopStatus.LEFT)
    problem(house.post(left, body()), 410, "shop_has_left")
    assert stored(house, left) == []


def test_410_only_to_the_shop_itself(house: World) -> None:
    left = house.shop("gone-and-silent", status=ShopStatus.LEFT)
    raw = body()
    problem(send(house, left.slug, raw, headers(b"not the key", raw)), 401, "not_let_in")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_405_names_the_method_that_is_allowed(house: World, shop: Shop, method: str) -> None:
    response = house.client().open(f"/webhooks/{shop.slug}", method=method)
    problem(response, 405, "method_not_allowed")
    assert "POST" in response.headers["Allow"]


@pytest.mark.parametrize("path", ["/", "/webhooks", "/webhooks/", "/webhooks/a/b", "/nowhere"])
def test_404_elsewhere_is_a_problem_document_too(house: World, path: str) -> None:
    problem(house.client().post(path), 404, "not_found")


def test_an_answer_is_never_kept_by_others(house: World, shop: Shop) -> None:
    for response in (house.post(shop, body()), house.post(shop, b"")):
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_shop_that_signs_speaks_for_itself_alone(house: World, shop: Shop) -> None:
    """The shop is the one whose key signed, whatever the body or the address says."""
    other = house.shop(f"{shop.slug}-other")
    raw = json.dumps({**json.loads(body()), "shop": other.slug}).encode()
    problem(send(house, other.slug, raw, headers(shop.secret, raw)), 401, "not_let_in")
    assert send(house, shop.slug, raw, headers(shop.secret, raw)).status_code == 202
    assert stored(house, other) == []
