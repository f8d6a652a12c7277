"""Secrets and doors that change while a web process remembers them."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from partners.credentials.service import issue, revoke, revoke_all, rotate
from partners.dialects.service import speak
from partners.shops.rules import ShopStatus
from partners.shops.service import change_the_door
from tests.doors import both_doors, receiver
from tests.webhooks.letters import body, headers, problem, send, stored
from tests.world import Shop, World
from tracker.kit.clock import SystemClock
from tracker.kit.database import unit_of_work
from webhooks.door.reception import Answer
from webhooks.errors import SignatureNotAccepted
from webhooks.inbox.store import Stored
from webhooks.wire.letters import Letter

pytestmark = both_doors

OVERLAP = timedelta(hours=24)

Receive = Callable[[str, Letter, datetime], Answer]


def new_secret(house: World, shop: Shop, *, overlap: timedelta | None = None) -> bytes:
    """A further secret; with an overlap, the present ones end after it."""
    key = house.tools.settings.keys
    with unit_of_work(house.tools.engine) as session:
        if overlap is None:
            shown = issue(session, key, shop.id)
        else:
            shown = rotate(session, key, shop.id, SystemClock().now(), overlap)
        change_the_door(session, shop.id)
    return shown.key


def set_status(house: World, shop: Shop, status: ShopStatus) -> None:
    with unit_of_work(house.tools.engine) as session:
        session.execute(
            text("UPDATE shops SET status = :status WHERE id = :id"),
            {"status": str(status), "id": shop.id},
        )
        change_the_door(session, shop.id)


def knock(house: World, shop: Shop, key: bytes) -> int:
    raw = body()
    return send(house, shop.slug, raw, headers(key, raw)).status_code


def test_a_secret_issued_after_the_shop_was_seen_is_good_at_once(house: World, shop: Shop) -> None:
    assert knock(house, shop, shop.secret) == 202
    second = new_secret(house, shop)
    assert knock(house, shop, second) == 202
    assert knock(house, shop, shop.secret) == 202


def test_a_rotated_secret_without_overlap_ends_at_once(house: World, shop: Shop) -> None:
    assert knock(house, shop, shop.secret) == 202
    second = new_secret(house, shop, overlap=timedelta(0))
    assert knock(house, shop, shop.secret) == 401
    assert knock(house, shop, second) == 202


def test_during_the_overlap_both_secrets_hold_then_one(house: World, shop: Shop) -> None:
    """Both edges of the overlap, at moments passed in."""
    receive = receiver(house.tools, house.door)
    second = new_secret(house, shop, overlap=OVERLAP)
    (end,) = house.query(
        "SELECT valid_until FROM webhook_secrets WHERE shop_id = :id AND valid_until IS NOT NULL",
        id=shop.id,
    )[0]
    for moment, old_holds in ((end - timedelta(seconds=1), True), (end, False)):
        for key, holds in ((shop.secret, old_holds), (second, True)):
            raw = body()
            given = headers(key, raw, at=int(moment.timestamp()))
            if holds:
                answer = receive(shop.slug, Letter("POST", given, body=raw), moment)
                assert answer.stored is Stored.ACCEPTED
            else:
                with pytest.raises(SignatureNotAccepted):
                    receive(shop.slug, Letter("POST", given, body=raw), moment)


def test_a_second_rotation_does_not_lengthen_the_first_ones_overlap(
    house: World, shop: Shop
) -> None:
    new_secret(house, shop, overlap=timedelta(0))
    new_secret(house, shop, overlap=OVERLAP)
    assert knock(house, shop, shop.secret) == 401


def taken_back(house: World, shop: Shop, secret_id: int | None = None) -> None:
    """One secret of a shop, or all of them."""
    with unit_of_work(house.tools.engine) as session:
        if secret_id is None:
            revoke_all(session, shop.id, SystemClock().now())
        else:
            revoke(session, shop.id, secret_id, SystemClock().now())
        change_the_door(session, shop.id)


def test_a_shop_whose_secrets_were_revoked_lets_nobody_in(house: World, shop: Shop) -> None:
    """Not even somebody who signs with nothing."""
    second = new_secret(house, shop)
    assert knock(house, shop, shop.secret) == 202
    taken_back(house, shop)
    for key in (b"", shop.secret, second):
        assert knock(house, shop, key) == 401
    assert knock(house, shop, new_secret(house, shop)) == 202


def test_what_was_revoked_opens_no_web_process_any_more(house: World, shop: Shop) -> None:
    """Both have seen the shop, and neither is told."""
    processes = [receiver(house.tools, house.door) for _ in range(2)]
    second = new_secret(house, shop)
    now = SystemClock().now()

    def opens(key: bytes) -> list[bool]:
        return [is_let_in(receive, shop, key, now) for receive in processes]

    assert opens(shop.secret) == opens(second) == [True, True]
    (old, _) = house.query(
        "SELECT id FROM webhook_secrets WHERE shop_id = :id ORDER BY id", id=shop.id
    )
    taken_back(house, shop, old.id)
    assert opens(shop.secret) == [False, False]
    assert opens(second) == [True, True]


def test_a_revoked_secret_opens_nothing_by_a_clock_that_is_late(house: World, shop: Shop) -> None:
    receive, late = receiver(house.tools, house.door), SystemClock().now() - timedelta(minutes=4)
    assert is_let_in(receive, shop, shop.secret, late)
    taken_back(house, shop)
    assert not is_let_in(receive, shop, shop.secret, late)


def test_a_duplicate_is_not_let_in_by_what_was_revoked(house: World, shop: Shop) -> None:
    raw = body()
    given = headers(shop.secret, raw)
    assert send(house, shop.slug, raw, given).status_code == 202
    taken_back(house, shop)
    problem(send(house, shop.slug, raw, given), 401, "not_let_in")


def is_let_in(receive: Receive, shop: Shop, key: bytes, now: datetime) -> bool:
    raw = body()
    given = headers(key, raw, at=int(now.timestamp()))
    try:
        receive(shop.slug, Letter("POST", given, body=raw), now)
    except SignatureNotAccepted:
        return False
    return True


def test_a_shop_that_leaves_is_told_so_at_once(house: World, shop: Shop) -> None:
    assert knock(house, shop, shop.secret) == 202
    set_status(house, shop, ShopStatus.LEFT)
    raw = body()
    problem(send(house, shop.slug, raw, headers(shop.secret, raw)), 410, "shop_has_left")
    assert len(stored(house, shop)) == 1


def test_a_shop_that_comes_back_is_let_in_at_once(house: World, shop: Shop) -> None:
    set_status(house, shop, ShopStatus.LEFT)
    assert knock(house, shop, shop.secret) == 410
    set_status(house, shop, ShopStatus.ACTIVE)
    assert knock(house, shop, shop.secret) == 202


def test_a_shop_that_joins_after_it_was_asked_for_is_let_in_at_once(house: World) -> None:
    raw = body()
    early = headers(b"any", raw)
    problem(send(house, "newcomer", raw, early), 404, "not_let_in")
    newcomer = house.shop("newcomer")
    assert knock(house, newcomer, b"any") == 401
    assert knock(house, newcomer, newcomer.secret) == 202


def test_a_duplicate_of_a_shop_that_has_left_is_gone_as_well(house: World, shop: Shop) -> None:
    raw = body()
    given = headers(shop.secret, raw)
    assert send(house, shop.slug, raw, given).status_code == 202
    set_status(house, shop, ShopStatus.LEFT)
    problem(send(house, shop.slug, raw, given), 410, "shop_has_left")


def test_a_dialect_that_changed_is_read_at_once(house: World, shop: Shop) -> None:
    """Also when what was known of the shop let the sender in, and found the event wrong."""
    assert knock(house, shop, shop.secret) == 202
    with unit_of_work(house.tools.engine) as session:
        speak(session, shop.id, "impact")
    action = {"ActionId": "1.2.3", "State": "PENDING"}
    raw = json.dumps(action).encode()
    refused = send(house, shop.slug, raw, headers(shop.secret, raw))
    named = problem(refused, 422, "event_invalid")["errors"]
    assert "type" not in {one["field"] for one in named}, "it was read as our own"
