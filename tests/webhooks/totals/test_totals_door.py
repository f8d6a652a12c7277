"""Who is let in to compare, and who hears what: as at the front door."""

import gzip
import json
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from partners.credentials.rules import Secret, SecretKind
from partners.credentials.service import issue, rotate
from partners.dialects.service import speak
from partners.shops.rules import ShopStatus
from partners.shops.service import change_the_door
from tests.webhooks.letters import headers, now, problem
from tests.webhooks.totals.day import books
from tests.webhooks.totals.exchange import asking, everything, post, question
from tests.world import Shop, World, created, day
from tracker.kit.clock import SystemClock
from tracker.kit.database import unit_of_work
from tracker.kit.runtime import Runtime
from webhooks.errors import RateExceeded
from webhooks.totals.api import MAX_BODY, SHARE, Desk
from webhooks.wire.letters import Letter

DAY = "2010-12-01"
EVENTS = [created("A-1", None, 10, at=day(0)), created("A-2", None, 20, at=day(0))]
ORDERS = books(EVENTS)
FIRST = question(DAY, ORDERS)
RAW = json.dumps(FIRST).encode()
MATCH = {"date": DAY, "status": "match"}


@pytest.fixture
def shop(house: World, shop: Shop) -> Shop:
    """A shop with two orders."""
    house.tell_all(shop, {"1": EVENTS[0], "2": EVENTS[1]})
    return shop


def kept(house: World, shop: Shop) -> int:
    found = house.query("SELECT FROM control_totals WHERE shop_id = :shop", shop=shop.id)
    return len(found)


def test_signed_and_alike(house: World, shop: Shop) -> None:
    response = post(house, shop, RAW)
    assert (response.status_code, response.content_type) == (200, "application/json")
    assert response.get_json() == MATCH
    assert response.headers["Cache-Control"] == "no-store"
    assert post(house, shop, FIRST | everything(ORDERS)).get_json() == MATCH


def test_an_answer_of_all_that_differs(house: World, shop: Shop) -> None:
    answer = asking(house, shop)(question(DAY, ORDERS[:1]) | everything(ORDERS[:1]))
    assert answer == {
        "date": DAY,
        "status": "differs",
        "ours": {name: value for name, value in FIRST.items() if name != "date"},
        "missing": [],
        "extra": [{"order_id": "A-2", "amount": "20.00", "status": "open"}],
        "amount_mismatch": [],
        "status_mismatch": [],
    }


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-timestamp": str(now() - 3_600)},
        {"webhook-timestamp": str(now() + 3_600)},
        {"webhook-id": "another"},
    ],
    ids=["none", "forged", "old", "early", "other id"],
)
def test_401_and_404_are_twins(house: World, shop: Shop, change: dict[str, str]) -> None:
    given = headers(shop.secret, RAW) | change
    refused = post(house, shop, RAW, given)
    unknown = post(house, replace(shop, slug="nowhere"), RAW, given)
    problem(refused, 401, "not_let_in")
    problem(unknown, 404, "not_let_in")
    assert refused.data == unknown.data
    assert dict(refused.headers) == dict(unknown.headers)
    assert kept(house, shop) == 0


def test_401_a_body_that_was_changed(house: World, shop: Shop) -> None:
    given = headers(shop.secret, RAW)
    problem(post(house, shop, RAW.replace(b"30.00", b"31.00"), given), 401, "not_let_in")


def test_401_without_any_headers(house: World, shop: Shop) -> None:
    problem(post(house, shop, RAW, {"content-type": "application/json"}), 401, "not_let_in")


def test_one_shop_never_sees_another_ones_orders(house: World, shop: Shop) -> None:
    other = house.shop(f"{shop.slug}-other")
    problem(post(house, shop, RAW, headers(other.secret, RAW)), 401, "not_let_in")
    answer = asking(house, other)(question(DAY, []) | everything([]))
    assert answer == MATCH
    answer = asking(house, other)(FIRST | everything(ORDERS))
    assert [row["order_id"] for row in answer["missing"]] == ["A-1", "A-2"]
    assert "known" not in answer["missing"][0]
    assert answer["ours"]["count"] == 0


def test_410_the_shop_has_left(house: World) -> None:
    gone = house.shop("gone-with-totals", status=ShopStatus.LEFT)
    problem(post(house, gone, RAW), 410, "shop_has_left")


def test_a_secret_that_ended_opens_no_more(house: World, shop: Shop) -> None:
    assert asking(house, shop)(FIRST) == MATCH
    with unit_of_work(house.tools.engine) as session:
        moment = SystemClock().now()
        key = house.tools.settings.keys
        fresh = rotate(session, key, shop.id, moment, moment - moment)
        change_the_door(session, shop.id)
    problem(post(house, shop, RAW), 401, "not_let_in")
    assert asking(house, replace(shop, secret=fresh.key))(FIRST) == MATCH


def test_a_secret_for_trials_shows_nothing_of_what_is_real(house: World, shop: Shop) -> None:
    with unit_of_work(house.tools.engine) as session:
        trial = issue(session, house.tools.settings.keys, shop.id, SecretKind.TRIAL)
        change_the_door(session, shop.id)
    problem(post(house, shop, RAW, headers(trial.key, RAW)), 401, "not_let_in")


@pytest.mark.parametrize("media", ["", "text/plain", "application/xml", "application/json5"])
def test_415_not_json(house: World, shop: Shop, media: str) -> None:
    given = headers(shop.secret, RAW) | {"content-type": media}
    problem(post(house, shop, RAW, given), 415, "unsupported_media_type")


def test_415_compressed(house: World, shop: Shop) -> None:
    packed = gzip.compress(RAW)
    given = headers(shop.secret, packed) | {"content-encoding": "gzip"}
    problem(post(house, shop, packed, given), 415, "unsupported_media_type")


def test_413_too_large(house: World, shop: Shop) -> None:
    assert post(house, shop, RAW.ljust(MAX_BODY)).status_code == 200
    problem(post(house, shop, RAW.ljust(MAX_BODY + 1)), 413, "too_large")


@pytest.mark.parametrize("raw", [b"", b"{", b"[" * 4_096, b'{"date": NaN}', b"\xef\xbb\xbf{}"])
def test_400_unreadable(house: World, shop: Shop, raw: bytes) -> None:
    problem(post(house, shop, raw), 400, "unreadable")


def test_422_names_the_fields(house: World, shop: Shop) -> None:
    document = problem(post(house, shop, FIRST | {"count": 7, "hash": 1}), 422, "totals_invalid")
    assert [one["field"] for one in document["errors"]] == ["hash", "count"]
    assert kept(house, shop) == 0


def test_422_sums_that_are_not_of_the_hash(house: World, shop: Shop) -> None:
    one = {"count": 1, "sum": "30.00"}
    told = FIRST | {"count": 1} | {"by_status": FIRST["by_status"] | {"open": one}}
    document = problem(post(house, shop, told), 422, "totals_invalid")
    assert document["errors"] == [
        {
            "field": "by_status.open",
            "reason": "of these orders the count is 2 and the sum 30.00",
        }
    ]
    bucket = {"from": "", "to": None, "count": 2, "sum": "31.00", "hash": FIRST["hash"]}
    document = problem(post(house, shop, {"date": DAY, "buckets": [bucket]}), 422, "totals_invalid")
    assert [one["field"] for one in document["errors"]] == ["buckets[0]"]


def test_405_only_by_post(house: World, shop: Shop) -> None:
    response = house.client().get(f"/webhooks/{shop.slug}/control-totals")
    problem(response, 405, "method_not_allowed")


def test_429_above_the_rate(house: World, shop: Shop, tools: Runtime) -> None:
    calm = World(replace(house.tools, settings=replace(house.tools.settings, webhook_rate=SHARE)))
    answers = [post(calm, shop, RAW) for _ in range(5)]
    refused = next(one for one in answers if one.status_code != 200)
    problem(refused, 429, "rate_exceeded")
    assert refused.headers["Retry-After"] == "1"


def test_429_when_all_shops_ask_at_once(house: World, shop: Shop) -> None:
    letter = Letter("POST", headers(shop.secret, RAW), b"", RAW)
    with pytest.raises(RateExceeded) as refused:
        Desk(house.tools, at_once=0).receive(shop.slug, letter, SystemClock().now())
    assert refused.value.retry_after == 1
    desk = Desk(house.tools, at_once=1)
    for _ in range(3):
        assert desk.receive(shop.slug, letter, SystemClock().now()) == MATCH


def speaking(house: World, shop: Shop, dialect: str) -> None:
    with unit_of_work(house.tools.engine) as session:
        speak(session, shop.id, dialect)


def test_a_key_in_a_header_is_as_good_as_a_signature(house: World, shop: Shop) -> None:
    key = Secret(0, shop.secret).header_key.decode()
    given = {"content-type": "application/json", "x-api-key": key}
    problem(post(house, shop, RAW, given), 401, "not_let_in")
    speaking(house, shop, "awin")
    found = post(house, shop, question(DAY, ORDERS[:1]), given)
    assert found.status_code == 200
    assert found.get_json()["ours"]["count"] == 2


def test_whoever_has_read_an_address_sees_nothing_of_ours(house: World, shop: Shop) -> None:
    speaking(house, shop, "awin")
    key = Secret(0, shop.secret).url_key.decode()
    media = {"content-type": "application/json"}
    address = f"/webhooks/{shop.slug}/control-totals?key={key}"

    def send(told: Any) -> TestResponse:
        return house.client().post(address, data=json.dumps(told), headers=media)

    def ask(told: Any) -> Any:
        return send(told).get_json()

    assert ask(FIRST) == MATCH
    one = ORDERS[:1]
    for told in (question(DAY, one), question(DAY, one) | everything(one)):
        assert ask(told) == {"date": DAY, "status": "differs"}
    bucket = {"from": "", "to": None, "count": 0, "sum": "0", "hash": "0" * 64}
    for part in ({"buckets": [bucket]}, everything(one)):
        problem(send({"date": DAY, **part}), 401, "not_let_in")
    (row,) = house.query("SELECT * FROM control_totals WHERE shop_id = :shop", shop=shop.id)
    assert (row.trusted, row.differs) == (False, True)


def test_what_nobody_proved_covers_up_no_proved_word(house: World, shop: Shop) -> None:
    speaking(house, shop, "awin")
    address = f"/webhooks/{shop.slug}/control-totals?key={Secret(0, shop.secret).url_key.decode()}"

    def say_unproved(told: Any) -> None:
        assert house.client().post(address, json=told).status_code == 200

    def row() -> tuple[Any, ...]:
        (found,) = house.query(
            "SELECT trusted, differs, their_count, found, received_at"
            " FROM control_totals WHERE shop_id = :shop",
            shop=shop.id,
        )
        return tuple(found)

    less = question(DAY, ORDERS[:1])
    say_unproved(FIRST)
    assert row()[:3] == (False, False, 2)
    post(house, shop, less)
    proved = row()
    assert proved[:3] == (True, True, 1), "what is proved goes before what is not"
    say_unproved(FIRST)
    say_unproved(less | everything(ORDERS[:1]))
    assert row() == proved
    post(house, shop, FIRST)
    assert row()[:3] == (True, False, 2), "of two that are proved the later holds"


def test_a_signature_is_good_whatever_the_dialect(house: World, shop: Shop) -> None:
    speaking(house, shop, "admitad")
    assert asking(house, shop)(FIRST) == MATCH
