"""Signatures, beside the reference library of Standard Webhooks."""

import base64
import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from tests.doors import both_doors
from tests.webhooks.letters import body, headers, now, problem, send, stored
from tests.world import Shop, World
from webhooks.errors import SignatureNotAccepted
from webhooks.signatures import MAX_ID_BYTES, TOLERANCE, sign, verify

KEY = secrets.token_bytes(32)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
RAW = b'{"hello": "world"}'


def letter(**options: Any) -> dict[str, str]:
    return headers(KEY, RAW, at=int(NOON.timestamp()), **options)


def check(given: dict[str, str], *, keys: tuple[bytes, ...] = (KEY,), now: datetime = NOON) -> str:
    return verify(given, RAW, keys, now)


@given(
    key=st.binary(min_size=1, max_size=64),
    text=st.text(max_size=200),
    webhook_id=st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True),
)
def test_the_reference_library_signs_the_same(key: bytes, text: str, webhook_id: str) -> None:
    reference = Webhook(key)
    theirs = reference.sign(webhook_id, NOON, text)
    assert sign(key, webhook_id, str(int(NOON.timestamp())), text.encode()) == theirs


@both_doors
def test_the_reference_library_accepts_ours(house: World, shop: Shop) -> None:
    raw = body()
    Webhook(shop.secret).verify(raw, headers(shop.secret, raw))


@both_doors
def test_we_accept_the_reference_librarys(house: World) -> None:
    """With the secret as it was shown to the shop."""
    shop = house.shop("reference")
    shown = "whsec_" + base64.b64encode(shop.secret).decode()
    raw, at = body(), datetime.now(UTC).replace(microsecond=0)
    given = {
        "webhook-id": "msg_reference",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(shown).sign("msg_reference", at, raw.decode()),
        "content-type": "application/json",
    }
    assert send(house, shop.slug, raw, given).status_code == 202


def test_one_good_signature_among_several_is_enough() -> None:
    others = [secrets.token_bytes(32) for _ in range(4)]
    mixed = headers([*others, KEY], RAW, at=int(NOON.timestamp()))
    assert check(mixed) == mixed["webhook-id"]
    noise = {**mixed, "webhook-signature": f"v1a,xyz nonsense v1,%%% {mixed['webhook-signature']}"}
    assert check(noise) == mixed["webhook-id"]


def test_one_good_key_among_several_is_enough() -> None:
    given = letter()
    assert check(given, keys=(b"old", b"older", KEY)) == given["webhook-id"]


def test_only_so_many_signatures_are_tried() -> None:
    many = letter()["webhook-signature"]
    flood = {**letter(), "webhook-signature": " ".join(["v1,AAAA"] * 10 + [many])}
    with pytest.raises(SignatureNotAccepted):
        check(flood)


@pytest.mark.parametrize("keys", [(), (b"",), (b"", b"")])
def test_without_a_secret_the_door_is_closed(keys: tuple[bytes, ...]) -> None:
    """Also to a message signed with the empty key."""
    signed = hmac.new(b"", b"", hashlib.sha256).digest()
    for signature in (
        sign(b"", letter()["webhook-id"], letter()["webhook-timestamp"], RAW),
        "v1,",
        "v1," + base64.b64encode(signed).decode(),
    ):
        with pytest.raises(SignatureNotAccepted):
            check({**letter(), "webhook-signature": signature}, keys=keys)


@pytest.mark.parametrize("seconds", [-300, 300, 0])
def test_five_minutes_either_way_are_within_the_tolerance(seconds: int) -> None:
    assert timedelta(minutes=5) == TOLERANCE
    assert check(letter(), now=NOON + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-301, 301, -300.001, 300.001, 86_400])
def test_beyond_five_minutes_is_not(seconds: float) -> None:
    with pytest.raises(SignatureNotAccepted):
        check(letter(), now=NOON + timedelta(seconds=seconds))


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("value", [None, "", " ", "v1", "v1,", ",", "\x7f", "é", "1" * 5_000])
def test_no_header_may_be_missing_or_changed(name: str, value: str | None) -> None:
    given = letter()
    changed = {key: text for key, text in given.items() if key != name}
    if value is not None:
        changed[name] = value
    with pytest.raises(SignatureNotAccepted):
        check(changed)


@pytest.mark.parametrize(
    "timestamp", ["-1", "+1", "1e9", "0x10", "１２３", "1.5", "Thu, 01 Jan 2026"]
)
def test_a_timestamp_is_digits(timestamp: str) -> None:
    signature = sign(KEY, "msg", timestamp, RAW)
    given = {"webhook-id": "msg", "webhook-timestamp": timestamp, "webhook-signature": signature}
    with pytest.raises(SignatureNotAccepted):
        check(given)


@given(st.integers(0, 255), st.integers(0, 7))
def test_one_flipped_bit_is_enough_to_refuse(place: int, bit: int) -> None:
    given = letter()
    good = base64.b64decode(given["webhook-signature"].removeprefix("v1,"))
    bad = bytearray(good)
    bad[place % len(bad)] ^= 1 << bit
    given["webhook-signature"] = "v1," + base64.b64encode(bytes(bad)).decode()
    with pytest.raises(SignatureNotAccepted):
        check(given)


@given(st.integers(0, len(RAW) - 1), st.integers(1, 255))
def test_one_changed_byte_of_the_body_is_enough_to_refuse(place: int, change: int) -> None:
    bad = bytearray(RAW)
    bad[place] ^= change
    with pytest.raises(SignatureNotAccepted):
        verify(letter(), bytes(bad), [KEY], NOON)


def test_a_body_that_was_cut_is_not_accepted() -> None:
    for length in range(len(RAW)):
        with pytest.raises(SignatureNotAccepted):
            verify(letter(), RAW[:length], [KEY], NOON)


@pytest.mark.parametrize("webhook_id", ["a", "msg_2Lml.4-8~!", "x" * MAX_ID_BYTES, "a b", "{}[]"])
def test_ids_of_printable_ascii_are_taken(webhook_id: str) -> None:
    assert check(letter(webhook_id=webhook_id)) == webhook_id


@pytest.mark.parametrize("webhook_id", ["x" * 201, "é", "msg\t1", "msg\x00", "m\u200bsg"])
def test_other_ids_are_not(webhook_id: str) -> None:
    signature = sign(KEY, webhook_id, str(int(NOON.timestamp())), RAW)
    with pytest.raises(SignatureNotAccepted):
        check({**letter(), "webhook-id": webhook_id, "webhook-signature": signature})


@both_doors
def test_a_dot_lets_nothing_be_read_in_two_ways(house: World, shop: Shop) -> None:
    """What is signed is id, time and body with dots between them; an id may contain one itself.

    Cut elsewhere, the same signature holds for another id and body. That body begins with the
    rest of a timestamp and a dot, which no JSON does: it is refused as unreadable.
    """
    raw, moment = body(), str(now())
    signature = sign(shop.secret, f"id.{moment}", moment, raw)
    moved = {
        "webhook-id": "id",
        "webhook-timestamp": moment,
        "webhook-signature": signature,
        "content-type": "application/json",
    }
    shifted = f"{moment}.".encode() + raw
    problem(send(house, shop.slug, shifted, moved), 400, "unreadable")
    assert stored(house, shop) == []


@both_doors
def test_a_stale_message_is_refused_and_may_be_signed_anew(house: World, shop: Shop) -> None:
    """The id stays the same over retries, the timestamp is per attempt."""
    raw, webhook_id = body(), "msg_retry"
    stale = headers(shop.secret, raw, webhook_id=webhook_id, at=now() - 301)
    problem(send(house, shop.slug, raw, stale), 401, "not_let_in")
    fresh = headers(shop.secret, raw, webhook_id=webhook_id)
    assert send(house, shop.slug, raw, fresh).status_code == 202
    again = headers(shop.secret, raw, webhook_id=webhook_id, at=now() - 60)
    assert send(house, shop.slug, raw, again).status_code == 200
