"""A shop that could not be looked for is not a shop that does not exist."""

import secrets

import pytest
from sqlalchemy.exc import OperationalError

from tests.world import World, created
from tracker.kit.clock import SystemClock
from tracker.kit.crypto import Keyring
from tracker.kit.database import make_engine
from webhooks.door.doors import LOOKS, NOBODY, Doors, Look


def test_while_the_database_is_away_nobody_is_taken_for_a_stranger() -> None:
    nowhere = make_engine("postgresql://nobody@127.0.0.1:1/nothing")
    doors = Doors(nowhere, Keyring(secrets.token_bytes(32)))
    now = SystemClock().now()
    for _ in range(2 * LOOKS):
        with pytest.raises(OperationalError):
            doors.look(Look("some-shop", now))
    nowhere.dispose()


def test_a_stranger_whose_looks_are_used_up_stays_a_stranger(world: World) -> None:
    doors = Doors(world.tools.engine, world.tools.settings.keys)
    now = SystemClock().now()
    for _ in range(2 * LOOKS):
        assert doors.look(Look("no-such-shop", now)) is NOBODY


def test_after_an_outage_the_shop_is_known_again(world: World) -> None:
    shop = world.shop()
    doors = Doors(make_engine("postgresql://nobody@127.0.0.1:1/nothing"), world.tools.settings.keys)
    now = SystemClock().now()
    for _ in range(LOOKS):
        with pytest.raises(OperationalError):
            doors.look(Look(shop.slug, now))
    doors._engine = world.tools.engine
    assert doors.look(Look(shop.slug, now, is_owed=True)).shop_id == shop.id
    assert doors.look(Look(shop.slug, now)).shop_id == shop.id
    world.tell(shop, created("A-1", None, 1))
