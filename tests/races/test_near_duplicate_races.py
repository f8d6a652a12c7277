"""One sale under two numbers, booked by two workers at the same moment."""

from functools import partial

from tests.races.together import raised, together
from tests.stories.reports import book_all, cancellation, stated
from tests.world import BONUS, World, rubles

ROUNDS = 12


def test_of_two_spellings_one_is_booked_whoever_is_first(world: World) -> None:
    shop = world.shop()
    for number in range(ROUNDS):
        click = world.click(world.member(), shop)
        told = [
            stated(shop, f"{spelling}{number}", click, {"1": 100}, source=f"{spelling}{number}")
            for spelling in ("A-", "a", "#A", "a/")
        ]
        refused = together(*(partial(book_all, world, one) for one in told))
        assert sorted(map(str, refused)) == ["['near_duplicate']"] * 3 + ["[]"]
    assert world.query("SELECT count(*) FROM purchases")[0].count == ROUNDS
    assert world.differences() == []


def test_spellings_in_opposite_order_do_not_wait_for_each_other(world: World) -> None:
    """Rows are made in the order of their keys, not of their spellings."""
    shop = world.shop()
    for number in range(ROUNDS):
        click = world.click(world.member(), shop)
        there = [stated(shop, f"{name}{number}", click, {"1": 1}) for name in ("B-", "C", "A.")]
        back = [stated(shop, f"{name}{number}", click, {"1": 1}) for name in ("c_", "a", "b")]
        results = together(partial(book_all, world, *there), partial(book_all, world, *back))
        assert raised(results) == []
    assert world.query("SELECT count(*) FROM purchases")[0].count == 3 * ROUNDS
    assert world.differences() == []


def test_files_that_nobody_proved_become_one_order_whoever_is_first(world: World) -> None:
    """Each spelling has a file already, opened by a word that proves nothing."""
    shop = world.shop()
    for number in range(ROUNDS):
        click = world.click(world.member(), shop)
        orders = [f"{spelling}{number}" for spelling in ("A-", "a", "#A", "a/")]
        for order in orders[:3]:
            assert book_all(world, cancellation(shop, order, trusted=False)) == []
        told = [stated(shop, order, click, {"1": 100}, source=order) for order in orders]
        refused = together(*(partial(book_all, world, one) for one in told))
        assert sorted(map(str, refused)) == ["['near_duplicate']"] * 3 + ["[]"]
    found = world.query("SELECT count(*) FROM purchases WHERE statement_no > 0")
    assert found[0].count == ROUNDS
    assert world.differences() == []


def test_two_feeds_at_once_cannot_both_be_missed(world: World) -> None:
    shop = world.shop()
    members = world.members(ROUNDS)
    for number, click in enumerate(world.clicks(members, shop)):
        told = [
            stated(shop, f"{feed}-{number}", click, {"1": 100}, feed=feed, source=feed)
            for feed in ("cj", "native", "postback")
        ]
        results = together(*(partial(book_all, world, one) for one in told))
        assert results == [[], [], []]
    rows = world.query("""
        SELECT member_id, array_agg(status ORDER BY status) AS statuses,
               count(suspect_of) AS suspects
        FROM purchases GROUP BY member_id
    """)
    assert len(rows) == ROUNDS
    for row in rows:
        assert row.statuses == ["awaiting_staff", "awaiting_staff", "pending"]
        assert row.suspects == 2
        assert world.balance(row.member_id).pending == 3 * rubles(10) + BONUS
    assert world.differences() == []
