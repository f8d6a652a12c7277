"""Offers: which terms held at a moment."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from partners.offers.service import offer, terms_at
from tests.world import Shop, World, day
from tracker.clicks.rules import OnHoldEnd, Terms
from tracker.kit.database import unit_of_work


def terms(cashback: int = 500) -> Terms:
    return Terms(cashback, cashback + 200, 30, OnHoldEnd.CONFIRM)


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop with ten percent since ten days before the story, five from the fifth day on."""
    shop = world.shop(cashback=1000, commission=1200)
    world.promise(shop, terms(500), day(5))
    return shop


def held(world: World, shop: Shop, at: datetime) -> int | None:
    """The cashback that held at a moment, in basis points."""
    with unit_of_work(world.tools.engine) as session:
        found = terms_at(session, [(shop.id, at)]).get((shop.id, at))
    return found.cashback_bp if found else None


def periods(world: World) -> list[tuple[datetime, int]]:
    rows = world.query("SELECT valid_from, cashback_bp FROM offers ORDER BY valid_from")
    return [(row.valid_from, row.cashback_bp) for row in rows]


def test_terms_hold_from_their_moment_until_the_next_ones(world: World, shop: Shop) -> None:
    instant = timedelta(microseconds=1)
    assert held(world, shop, day(-10) - instant) is None
    assert held(world, shop, day(-10)) == 1000
    assert held(world, shop, day(5) - instant) == 1000
    assert held(world, shop, day(5)) == 500
    assert held(world, shop, day(5000)) == 500


def test_many_moments_are_answered_at_once(world: World, shop: Shop) -> None:
    other = world.shop("other", cashback=300)
    with unit_of_work(world.tools.engine) as session:
        asked = [(shop.id, day(0)), (other.id, day(0)), (shop.id, day(6)), (10**6, day(0))]
        found = terms_at(session, asked)
    assert {key: one.cashback_bp for key, one in found.items()} == {
        asked[0]: 1000,
        asked[1]: 300,
        asked[2]: 500,
    }


def test_what_holds_already_is_not_written_again(world: World, shop: Shop) -> None:
    before = periods(world)
    with unit_of_work(world.tools.engine) as session:
        assert offer(session, {shop.id: terms(500)}, day(9)) == 0
        assert offer(session, {shop.id: terms(1000)}, day(-1)) == 0
    assert periods(world) == before


def test_an_offer_in_between_holds_until_the_next_one(world: World, shop: Shop) -> None:
    world.promise(shop, terms(700), day(2))
    assert [held(world, shop, day(at)) for at in (1, 2, 4.9, 5)] == [1000, 700, 700, 500]


def test_an_offer_from_the_same_moment_takes_its_place(world: World, shop: Shop) -> None:
    world.promise(shop, terms(700), day(5))
    assert periods(world) == [(day(-10), 1000), (day(5), 700)]


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("cashback_bp", 5_001),
        ("cashback_bp", -1),
        ("commission_bp", 10_001),
        ("hold_days", 91),
        ("on_hold_end", "perhaps"),
    ],
)
def test_the_ceilings_are_held_by_the_database(
    world: World, shop: Shop, column: str, wrong: object
) -> None:
    with pytest.raises(IntegrityError, match=f"ck_offers_{column}"):
        world.change(f"UPDATE offers SET {column} = :wrong", wrong=wrong)
