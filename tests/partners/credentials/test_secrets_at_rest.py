"""Secrets: encrypted where they lie, and several good at a time while one replaces another."""

import base64
from dataclasses import replace
from datetime import timedelta

import pytest

from partners.credentials.rules import Secret
from partners.credentials.service import issue, rotate, secrets_of
from partners.shops.service import change_the_door
from tests.world import Shop, World, created, day
from tracker.kit.crypto import Keyring
from tracker.kit.database import unit_of_work

OVERLAP = timedelta(hours=24)


@pytest.fixture
def shop(world: World) -> Shop:
    return world.shop()


def read(world: World, shop: Shop) -> tuple[Secret, ...]:
    with unit_of_work(world.tools.engine) as session:
        return secrets_of(session, world.tools.settings.keys, shop.id)


def good(world: World, shop: Shop, at: float) -> list[bytes]:
    """The keys that open the door at a moment."""
    return [secret.key for secret in read(world, shop) if secret.holds(day(at))]


def replaced(world: World, shop: Shop, at: float, overlap: timedelta = OVERLAP) -> bytes:
    """The key that a rotation gives."""
    with unit_of_work(world.tools.engine) as session:
        made = rotate(session, world.tools.settings.keys, shop.id, day(at), overlap)
    return made.key


def test_a_secret_is_long_random_and_shown_as_shops_write_it(world: World, shop: Shop) -> None:
    with unit_of_work(world.tools.engine) as session:
        made = {
            issue(session, world.tools.settings.keys, shop.id).shown["secret"] for _ in range(3)
        }
    assert len(made) == 3
    for one in made:
        assert one.startswith("whsec_")
        assert len(base64.b64decode(one.removeprefix("whsec_"), validate=True)) == 32


def test_no_secret_lies_open_in_the_database(world: World, shop: Shop) -> None:
    (row,) = world.query("SELECT * FROM webhook_secrets")
    assert shop.secret not in bytes(row.sealed)
    assert base64.b64encode(shop.secret) not in bytes(row.sealed)
    everything = world.query("SELECT to_jsonb(webhook_secrets)::text AS said FROM webhook_secrets")
    assert shop.secret.hex() not in everything[0].said


def test_it_cannot_be_read_under_another_key_or_for_another_shop(world: World, shop: Shop) -> None:
    other = world.shop("other")
    with unit_of_work(world.tools.engine) as session:
        assert secrets_of(session, Keyring(bytes(32)), shop.id) == ()
    world.change_as_owner(
        "UPDATE webhook_secrets AS theirs SET sealed = mine.sealed FROM webhook_secrets AS mine"
        " WHERE mine.shop_id = :a AND theirs.shop_id = :b",
        a=shop.id,
        b=other.id,
    )
    assert read(world, other) == ()


def test_a_lost_master_key_shuts_the_door_until_a_new_secret_is_issued(
    world: World, shop: Shop
) -> None:
    """What cannot be read opens nothing and is in nobody's way."""
    world.change_as_owner("UPDATE webhook_secrets SET sealed = 'sealed under a key that is lost'")
    world.change_as_owner("UPDATE shops SET door_version = door_version + 1")
    assert world.post(shop, created("A-1", None, 1)).status_code == 401
    with unit_of_work(world.tools.engine) as session:
        fresh = issue(session, world.tools.settings.keys, shop.id)
        change_the_door(session, shop.id)
    key = fresh.key
    assert world.post(replace(shop, secret=key), created("A-1", None, 1)).status_code == 202


def test_a_rotation_leaves_both_good_for_the_overlap_and_then_one(world: World, shop: Shop) -> None:
    fresh = replaced(world, shop, at=1)
    assert good(world, shop, 1) == [fresh, shop.secret]
    assert good(world, shop, 1.999) == [fresh, shop.secret]
    assert good(world, shop, 2) == [fresh]


def test_a_second_rotation_within_the_overlap_gives_nobody_more_time(
    world: World, shop: Shop
) -> None:
    second = replaced(world, shop, at=1)
    third = replaced(world, shop, at=1.5)
    assert good(world, shop, 1.9) == [third, second, shop.secret]
    assert good(world, shop, 2) == [third, second]
    assert good(world, shop, 2.5) == [third]


def test_a_rotation_in_haste_takes_time_away(world: World, shop: Shop) -> None:
    replaced(world, shop, at=1)
    last = replaced(world, shop, at=1.1, overlap=timedelta())
    assert good(world, shop, 1.1) == [last]


def test_the_door_goes_by_it(world: World, shop: Shop) -> None:
    body = created("A-1", None, 1000, at=day(0))
    assert world.post(shop, body).status_code == 202
    world.change("UPDATE webhook_secrets SET valid_until = now() - interval '1 second'")
    world.change("UPDATE shops SET door_version = door_version + 1")
    assert world.post(shop, body).status_code == 401
