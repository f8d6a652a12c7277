"""The ledger proof holds the facts against what shops sent, down to the sums of the lines."""

from functools import partial

import pytest

from tests.stories.reports import book_all, confirmation, stated
from tests.world import Shop, World, confirmed, created, day, returned, updated
from tracker.kit.database import unit_of_work
from tracker.purchases.contracts import PurchaseReport
from tracker.purchases.proof import missing


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
        "UPDATE purchases SET stated_trusted = false",
        "UPDATE purchases SET stated_whole = false",
        "UPDATE purchase_return_lines SET quantity = quantity + 1",
    ],
)
def test_what_was_told_otherwise_is_a_difference(told: World, wrong: str) -> None:
    told.change_as_owner(wrong)
    assert any("of order 'A-1'" in one.what for one in told.differences())


def in_pieces(shop: Shop, click: str) -> list[PurchaseReport]:
    """What nobody proved, line by line, with a verdict for a total."""
    piece = partial(stated, shop, "A-1", trusted=False, whole=False)
    return [
        piece(click, {"1": 100}, source="a"),
        piece(None, {"2": 50}, source="b", ordered_at=day(0.5), at=day(2)),
        piece(None, {"2": 40}, source="c", at=day(3), upstream="pending"),
        confirmation(shop, "A-1", 120, trusted=False, upstream="approved"),
        confirmation(shop, "A-1", source="proved", at=day(6)),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE purchases SET click_id = NULL",
        "UPDATE purchases SET click_id = 'clk_other'",
        "UPDATE purchases SET stated_at = stated_at - interval '1 hour'",
        "UPDATE purchases SET ordered_at = ordered_at + interval '1 hour'",
        "UPDATE purchases SET ceiling = NULL",
        "UPDATE purchases SET ceiling = ceiling + 1",
        "UPDATE purchases SET claimed_at = NULL",
        "UPDATE purchases SET confirmed_by_shop_at = NULL",
        "UPDATE purchases SET upstream_status = 'declined'",
        "UPDATE purchases SET upstream_at = upstream_at - interval '1 day'",
        "UPDATE purchase_lines SET amount = amount + 1 WHERE line_id = '2'",
        "UPDATE purchase_lines SET stated_at = stated_at - interval '1 day' WHERE line_id = '2'",
        "DELETE FROM purchase_lines WHERE line_id = '1'",
    ],
)
def test_pieces_claims_and_upstream_words_are_looked_for_too(world: World, wrong: str) -> None:
    shop = world.shop()
    reports = in_pieces(shop, world.click(world.member(), shop))
    assert book_all(world, *reports) == []
    with unit_of_work(world.tools.engine) as session:
        assert list(missing(session, reports)) == []
    world.change_as_owner(wrong)
    with unit_of_work(world.tools.engine) as session:
        assert list(missing(session, reports))
