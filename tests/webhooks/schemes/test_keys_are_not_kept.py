"""Of a form nothing is kept in which any scheme of its dialect is shown a key."""

from datetime import UTC, datetime

import pytest

from partners.credentials.rules import Secret
from partners.dialects.service import speak
from tests.doors import both_doors
from tests.webhooks.letters import headers
from tests.world import World
from tracker.kit.database import unit_of_work
from webhooks.dialects import named
from webhooks.door.doors import Door
from webhooks.door.reception import check
from webhooks.signatures import sign
from webhooks.wire.dialect import MAX_FORM
from webhooks.wire.letters import Letter
from webhooks.wire.scheme import Shown

NOW = datetime(2010, 12, 24, tzinfo=UTC)
SECRET = Secret(1, b"s" * 32)
KEY = SECRET.shown["url_key"].encode()
FORM = {"content-type": "application/x-www-form-urlencoded"}
ORDER = b"order_id=A-1&campaign_code=c&status=declined"


def let_in(dialect: str, letter: Letter) -> Shown:
    door = Door(1, 0, has_left=False, secrets=(SECRET,), dialect=named(dialect))
    return check(door, letter, NOW, door.dialect.schemes)[0]


def signed(form: bytes, webhook_id: str) -> Letter:
    moment = str(int(NOW.timestamp()))
    signature = sign(SECRET.signing_key, webhook_id, moment, form)
    bearing = {
        "webhook-id": webhook_id,
        "webhook-timestamp": moment,
        "webhook-signature": signature,
    }
    return Letter("POST", {**FORM, **bearing}, b"", form)


@pytest.mark.parametrize(
    "beside",
    [
        b"&postback_key=%s&key=%s" % (KEY, KEY),
        b"&key=%s&postback_key=%s" % (KEY, KEY),
        b"&key=%s&%%6Bey=%s&postback_key=%s" % (KEY, KEY, KEY),
        b"&postback_key=&key=%s" % KEY,
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_whichever_key_lets_a_form_in_the_other_goes_too(method: str, beside: bytes) -> None:
    raw = ORDER + beside
    letter = Letter("GET", {}, raw) if method == "GET" else Letter("POST", FORM, b"", raw)
    shown = let_in("admitad", letter)
    assert shown.content.raw == ORDER
    assert shown.event_id == shown.content.identity


def test_a_signed_form_is_checked_as_it_was_sent_and_kept_without_keys() -> None:
    raw = b"key=k&" + ORDER + b"&postback_key=p&revision_sign=r"
    shown = let_in("admitad", signed(raw, "msg-1"))
    assert (shown.event_id, shown.content.raw) == ("msg-1", ORDER)
    assert let_in("awin", signed(b"a=1&key=k&postback_key=p", "m")).content.raw == (
        b"a=1&postback_key=p"
    )


def test_a_form_that_a_header_lets_in_goes_by_what_is_kept() -> None:
    header = {**FORM, "x-api-key": SECRET.shown["header_key"]}
    shown = let_in("awin", Letter("POST", header, b"", b"a=1&key=k"))
    assert shown.content.raw == b"a=1"
    assert shown == let_in("awin", Letter("POST", header, b"", b"a=1&key=other"))
    assert shown.event_id == shown.content.identity


def test_what_is_no_form_is_kept_as_it_is() -> None:
    header = {"content-type": "application/json", "x-api-key": SECRET.shown["header_key"]}
    assert let_in("awin", Letter("POST", header, b"", b"&key=1")).content.raw == b"&key=1"


@both_doors
def test_no_key_is_in_the_inbox(house: World) -> None:
    shop = house.shop("keeps-no-key")
    with unit_of_work(house.tools.engine) as session:
        speak(session, shop.id, "admitad")
    key = Secret(1, shop.secret).shown["url_key"]
    form = f"{ORDER.decode()}&postback_key={key}&key={key}".encode()
    told = house.client().post(f"/webhooks/{shop.slug}", data=form, headers=FORM)
    assert told.status_code == 202
    kept = "SELECT body FROM inbox_bodies JOIN inbox_events ON id = event_id WHERE shop_id = :shop"
    assert [bytes(row.body) for row in house.query(kept, shop=shop.id)] == [ORDER]


@both_doors
@pytest.mark.parametrize("byte", [b"%", b"%41"])
def test_a_form_is_refused_by_its_length_before_keys_are_looked_for(
    house: World, byte: bytes
) -> None:
    """Though the dialect takes longer batches, in JSON."""
    shop = house.shop()
    with unit_of_work(house.tools.engine) as session:
        speak(session, shop.id, "awin")
    assert named("awin").max_body > 10 * MAX_FORM
    door = f"/webhooks/{shop.slug}"
    for size, status in ((MAX_FORM, 401), (MAX_FORM + 1, 413), (8 * 1024 * 1024, 413)):
        form = (byte * size)[:size]
        assert house.client().post(door, data=form, headers=FORM).status_code == status
    batch = b"[" + b" " * (MAX_FORM + 1)
    read = house.client().post(door, data=batch, headers=headers(shop.secret, batch))
    assert read.status_code == 400
