"""The ledger proof holds the facts against what shops sent, down to the sums of the lines."""

import pytest

from tests.world import World, confirmed, created, day, returned, updated


@pytest.fixture
def told(world: World) -> World:
    """An order that was restated, confirmed, and returned in part."""
    shop = world.shop()
    click = world.click(world.member(), shop)
    world.tell(shop, created("A-1", click, 100, 50, at=day(1)))
    world.tell(shop, updated("A-1", click, 80, 50, at=day(2)))
    world.tell(shop, returned("A-1", "R-1", {"1": 30}, at=day(3)))
    world.tell(shop, confirmed("A-1", at=day(4)))
    assert world.differences() == []
    return world


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE purchases SET stated_amended = false",
        "UPDATE purchases SET stated_at = stated_at - interval '1 hour'",
        "UPDATE purchases SET ordered_at = ordered_at - interval '1 hour'",
        "UPDATE purchases SET confirmed_by_shop_at = confirmed_by_shop_at + interval '1 hour'",
        "UPDATE purchase_lines SET amount = amount + 1 WHERE statement_no = 2",
        "UPDATE purchase_return_lines SET amount = amount + 1",
        "UPDATE purchase_return_lines SET quantity = quantity + 1",
    ],
)
def test_what_was_told_otherwise_is_a_difference(told: World, wrong: str) -> None:
    told.change_as_owner(wrong)
    assert any("of order 'A-1'" in one.what for one in told.differences())
