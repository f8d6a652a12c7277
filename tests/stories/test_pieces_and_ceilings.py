"""Purchases told line by line, words without a moment, and verdicts for a total."""

from functools import partial

import pytest

from tests.stories.reports import (
    THE_END,
    book_all,
    cancellation,
    confirmation,
    ends_in_every_order,
    given_back,
    stated,
    status_of,
)
from tests.world import BONUS, Shop, World, day, rubles
from tracker.kit.money import MAX_KOPECKS
from tracker.ledger.service import Balance
from tracker.purchases.contracts import PurchaseReport, PurchaseReturned

piece = partial(stated, whole=False)
NOTHING = Balance(0, 0, 0)


@pytest.fixture
def shop(world: World) -> Shop:
    """Ten percent, a hold of 30 days, confirmed in silence."""
    return world.shop()


def earned(amount: float) -> tuple[str, Balance]:
    """Confirmed: so many roubles of cashback, and the bonus."""
    return "confirmed", Balance(0, rubles(amount) + BONUS, 0)


def lines_of(world: World) -> dict[str, int]:
    """The lines that hold, in kopecks."""
    rows = world.query("""
        SELECT line_id, amount FROM purchase_lines JOIN purchases ON purchases.id = purchase_id
        WHERE purchase_lines.statement_no = purchases.statement_no
    """)
    return {row.line_id: row.amount for row in rows}


def test_pieces_come_together_in_every_order(world: World, shop: Shop) -> None:
    def telling(order: str, click: str) -> list[PurchaseReport]:
        return [
            piece(shop, order, click, {"1": 100}, source="a", feed="cart"),
            piece(shop, order, None, {"2": 50, "3": 10}, source="b", ordered_at=day(2)),
            piece(shop, order, click, {"2": 70}, source="c", at=day(4)),
            piece(shop, order, None, {"3": 30}, source="d", amended=True),
            given_back(shop, order, "R-1", {"2": 20}),
            confirmation(shop, order),
        ]

    assert ends_in_every_order(world, shop, telling) == {earned(18)}


def test_the_promise_is_that_of_the_best_piece_that_names_one(world: World, shop: Shop) -> None:
    other = world.click(world.member(), shop)

    def telling(order: str, click: str) -> list[PurchaseReport]:
        return [
            piece(shop, order, other, {"1": 100}, source="a", at=day(2)),
            piece(shop, order, click, {"2": 50}, source="b", at=day(3)),
            piece(shop, order, None, {"3": 50}, source="c", at=day(4), ordered_at=day(0)),
        ]

    assert ends_in_every_order(world, shop, telling) == {earned(20)}


def test_a_whole_statement_goes_before_pieces_in_every_order(world: World, shop: Shop) -> None:
    def telling(order: str, click: str) -> list[PurchaseReport]:
        return [
            stated(shop, order, click, {"1": 100}, source="whole"),
            piece(shop, order, click, {"1": 900, "2": 50}, source="a", at=day(5), amended=True),
            piece(shop, order, click, {"3": 10}, source="b", at=day(6)),
        ]

    assert ends_in_every_order(world, shop, telling) == {earned(10)}


def test_without_a_moment_the_smaller_amount_holds_in_every_order(world: World, shop: Shop) -> None:
    undated = partial(stated, dated=False)

    def telling(order: str, click: str) -> list[PurchaseReport]:
        return [
            undated(shop, order, click, {"1": 100}, at=day(9), source="a"),
            undated(shop, order, click, {"1": 60, "2": 30}, at=day(2), source="b"),
            undated(shop, order, click, {"1": 95}, at=day(4), source="c"),
            confirmation(shop, order, at=day(3), dated=False),
        ]

    assert ends_in_every_order(world, shop, telling, hold_ends=False) == {earned(9)}


def test_a_moment_goes_before_none_and_the_later_before_the_smaller(
    world: World, shop: Shop
) -> None:
    def telling(order: str, click: str) -> list[PurchaseReport]:
        return [
            stated(shop, order, click, {"1": 10}, at=day(9), dated=False, source="a"),
            stated(shop, order, click, {"1": 50}, at=day(2), source="b"),
            stated(shop, order, click, {"1": 80}, at=day(3), source="c"),
            stated(shop, order, click, {"1": 70}, at=day(3), source="d"),
        ]

    assert ends_in_every_order(world, shop, telling) == {earned(7)}


def test_a_piece_without_a_moment_is_the_smaller_one(world: World, shop: Shop) -> None:
    def telling(order: str, click: str) -> list[PurchaseReport]:
        undated = partial(piece, shop, order, click, dated=False)
        return [
            undated({"1": 100}, at=day(2), source="a"),
            undated({"1": 90, "2": 50}, at=day(3), source="b"),
            undated({"2": 60}, at=day(4), source="c"),
        ]

    assert ends_in_every_order(world, shop, telling) == {earned(14)}


def test_it_was_called_off_or_confirmed_without_a_moment(world: World, shop: Shop) -> None:
    def telling(order: str, click: str) -> list[PurchaseReport]:
        return [
            stated(shop, order, click, {"1": 100}),
            cancellation(shop, order, dated=False, at=day(3)),
            confirmation(shop, order, dated=False, at=day(5)),
        ]

    assert ends_in_every_order(world, shop, telling) == {("rejected", NOTHING)}


def test_the_verdict_is_for_the_least_total_in_every_order(world: World, shop: Shop) -> None:
    def telling(order: str, click: str) -> list[PurchaseReport]:
        return [
            piece(shop, order, click, {"1": 100}, source="a"),
            piece(shop, order, click, {"2": 50}, source="b"),
            confirmation(shop, order, 130, source="first"),
            confirmation(shop, order, 120, source="second", trusted=False),
            confirmation(shop, order, source="of whatever was stated"),
            given_back(shop, order, "R-1", {"1": 10}),
        ]

    assert ends_in_every_order(world, shop, telling) == {earned(12)}


def test_a_verdict_for_nothing_rejects(world: World, shop: Shop) -> None:
    member = world.member()
    book_all(world, stated(shop, "A-1", world.click(member, shop), {"1": 100}))
    book_all(world, confirmation(shop, "A-1", 0))
    assert (status_of(world, "A-1"), world.balance(member)) == ("rejected", NOTHING)
    assert world.differences() == []


def test_a_ceiling_stays_whatever_is_stated_later(world: World, shop: Shop) -> None:
    member = world.member()
    click = world.click(member, shop)
    book_all(world, stated(shop, "A-1", click, {"1": 100, "2": 50}))
    book_all(world, confirmation(shop, "A-1", 120))
    more = stated(shop, "A-1", click, {"1": 900}, at=day(8), source="more", amended=True)
    assert book_all(world, more, confirmation(shop, "A-1", 900, source="higher")) == []
    assert world.balance(member).available == rubles(12) + BONUS
    assert world.differences() == []


def test_lines_are_kept_for_good_and_new_ones_stand_beside_them(world: World, shop: Shop) -> None:
    click = world.click(world.member(), shop)
    for number in range(1, 4):
        told = piece(shop, "A-1", click, {str(number): 10 * number}, source=f"{number}")
        assert book_all(world, told) == []
    assert world.query("SELECT count(*) FROM purchase_lines")[0].count == 3
    book_all(world, piece(shop, "A-1", click, {"2": 5}, at=day(2), source="again"))
    assert lines_of(world) == {"1": rubles(10), "2": rubles(5), "3": rubles(30)}
    assert world.query("SELECT count(*) FROM purchase_lines")[0].count == 6
    assert world.differences() == []


def test_a_thousand_lines_and_no_more(world: World, shop: Shop) -> None:
    click = world.click(world.member(), shop)
    told = piece(shop, "A-1", click, {str(number): 1 for number in range(999)})
    two = piece(shop, "A-1", click, {"999": 1, "1000": 1}, source="two")
    one = piece(shop, "A-1", click, {"999": 1}, source="one")
    assert book_all(world, told, two, one) == ["too_many_lines"]
    assert len(lines_of(world)) == 1_000
    again = piece(shop, "A-1", click, {"999": 2}, at=day(2), source="again")
    assert book_all(world, again) == []
    many = {str(number): 1.0 for number in range(1_001)}
    assert book_all(world, stated(shop, "A-2", click, many)) == ["too_many_lines"]


def test_pieces_come_to_no_more_than_we_count(world: World, shop: Shop) -> None:
    click = world.click(world.member(), shop)
    half = MAX_KOPECKS // 200
    told = [piece(shop, "A-1", click, {str(n): half}, source=f"{n}") for n in range(3)]
    assert book_all(world, *told) == ["too_many_lines"]
    world.end_holds(THE_END)
    assert world.differences() == []


def test_two_thousand_lines_come_back_and_no_more(world: World, shop: Shop) -> None:
    click = world.click(world.member(), shop)
    lines = {str(number): 2.0 for number in range(1_000)}
    book_all(world, stated(shop, "A-1", click, lines))
    back = dict.fromkeys(lines, 0.5)
    told = [given_back(shop, "A-1", f"R-{number}", back) for number in range(3)]
    assert book_all(world, *told) == ["too_many_returns"]
    whole = PurchaseReturned(shop.id, "A-1", day(9), "all of it", "R-9", None)
    assert book_all(world, told[0], whole) == ["too_many_returns"]
    assert book_all(world, cancellation(shop, "A-1")) == []
    assert status_of(world, "A-1") == "rejected"
    assert world.differences() == []
