"""A day of trade, told by webhooks of which some are lost: the totals find exactly those."""

import json
from datetime import date, datetime, timedelta
from functools import partial
from itertools import pairwise
from random import Random

import pytest

from tests.stories.reports import book_all, confirmation, given_back, stated
from tests.webhooks.totals.day import Event, books, trade
from tests.webhooks.totals.exchange import (
    Memory,
    asking,
    difference,
    everything,
    expected,
    numbers,
    question,
)
from tests.world import Shop, World, confirmed, created, day, returned
from tracker.clicks.rules import OnHoldEnd
from tracker.kit.clock import MOSCOW
from tracker.kit.database import snapshot
from tracker.purchases.days import EVERYTHING, Order, Range, ShopDay, Word
from webhooks.inbox.models import ParkedReason
from webhooks.totals.queries import OurBooks

DAY = "2010-12-01"


def tell(house: World, shop: Shop, events: list[Event]) -> None:
    house.tell_all(shop, {f"event-{number}": event for number, event in enumerate(events)})


def test_a_day_of_two_thousand_orders_of_which_some_events_are_lost(
    house: World, shop: Shop
) -> None:
    draw = Random(20_101_201)
    sent = list(trade(2_000, draw))
    arrived = [event for event in sent if draw.random() >= 0.05]
    for event in arrived:
        if event["data"].get("ordered_at") and draw.random() < 0.02:
            event["data"]["lines"][0]["amount"] = "7.77"
    told = list(trade(2_000, Random(20_101_201)))
    assert len(told) == len(sent)
    tell(house, shop, arrived)
    tell(house, house.shop(f"{shop.slug}-neighbour"), list(trade(300, Random(3))))
    ours, theirs = books(arrived), books(told)
    wanted = expected(ours, theirs)
    assert all(len(wanted[name]) > 20 for name in wanted if name != "extra")
    found = difference(DAY, theirs, asking(house, shop))
    assert numbers(found) == wanted
    heard_of = {row["order_id"] for row in found["missing"] if "known" in row}
    assert heard_of == {
        event["data"]["order_id"]
        for event in arrived
        if event["data"]["order_id"] in wanted["missing"]
    }
    assert all(row["known"] == {"date": None} for row in found["missing"] if "known" in row)
    (kept,) = house.query("SELECT * FROM control_totals WHERE shop_id = :shop", shop=shop.id)
    assert (kept.differs, kept.our_count, kept.their_count) == (True, len(ours), len(theirs))
    assert kept.our_sum == sum(one.amount for one in ours)
    sums = {name: sum(one[name] for one in kept.found.values()) for name in wanted}
    assert sums == {name: len(orders) for name, orders in wanted.items()}
    tell_the_rest(house, shop, told, arrived)
    assert asking(house, shop)(question(DAY, theirs)) == {"date": DAY, "status": "match"}


def tell_the_rest(house: World, shop: Shop, told: list[Event], arrived: list[Event]) -> None:
    """The shop sends again what differs: what was lost, and the true figures of what was not."""
    lost = [event for event in told if event not in arrived]
    again: list[Event] = [
        event | {"type": "purchase.updated", "timestamp": day(1.5).isoformat()}
        if event["type"] == "purchase.created" and not any(is_update(one, event) for one in told)
        else event | ({"timestamp": day(3).isoformat()} if "ordered_at" in event["data"] else {})
        for event in lost
    ]
    house.tell_all(shop, {f"again-{number}": event for number, event in enumerate(again)})


def is_update(one: Event, event: Event) -> bool:
    same = one["data"]["order_id"] == event["data"]["order_id"]
    return bool(same and one["type"] == "purchase.updated")


def test_our_books_in_sql_are_those_in_memory(house: World, shop: Shop) -> None:
    events = list(trade(400, Random(11)))
    tell(house, shop, events)
    memory = Memory(books(events))
    with snapshot(house.tools.engine) as session:
        ours = OurBooks(session, ShopDay(shop.id, date(2010, 12, 1)))
        assert ours.totals() == memory.totals()
        assert ours.orders(EVERYTHING, 1_000) == memory.held
        assert ours.orders(Range("A", "B"), 7) == memory.orders(Range("A", "B"), 7)
        for pieces in (1, 2, 32):
            whole = ours.split([EVERYTHING], pieces)
            ranges = [within for within, _ in whole]
            assert len(ranges) == min(pieces, 400 // 16)
            assert (ranges[0].first, ranges[-1].end) == ("", None)
            assert all(one.end == two.first for one, two in pairwise(ranges))
            assert ours.sums(ranges) == memory.sums(ranges) == [one for _, one in whole]
            sizes = [one.count for _, one in whole]
            assert max(sizes) - min(sizes) <= 1
        apart = [Range("A-2", "A-7"), Range("A-9", "Z"), Range("a", "b"), Range("Я-5")]
        assert ours.sums(apart) == memory.sums(apart)
        finer = ours.split(apart, 3)
        assert ours.sums([within for within, _ in finer]) == [one for _, one in finer]


@pytest.mark.parametrize(
    ("hour", "counts"),
    [
        ("2010-11-30T23:59:59.999999+03:00", False),
        ("2010-12-01T00:00:00+03:00", True),
        ("2010-11-30T21:00:00Z", True),
        ("2010-12-01T23:59:59.999999+03:00", True),
        ("2010-12-01T21:00:00Z", False),
        ("2010-12-02T00:00:00+03:00", False),
        ("2010-12-01T12:00:00+14:00", True),
        ("2010-12-01T06:00:00+12:00", False),
    ],
    ids=range(8),
)
def test_a_day_is_from_midnight_to_midnight_in_moscow(
    house: World, shop: Shop, hour: str, counts: bool
) -> None:
    at = datetime.fromisoformat(hour)
    tell(house, shop, [created("A-1", None, 10, at=at)])
    theirs = [Order("A-1", 1_000, Word.OPEN)]
    found = difference(DAY, theirs, asking(house, shop))
    assert numbers(found)["missing"] == (set() if counts else {"A-1"})
    if not counts:
        assert found["missing"][0]["known"] == {"date": at.astimezone(MOSCOW).date().isoformat()}


def test_moscow_keeps_its_clock_through_the_years(house: World, shop: Shop) -> None:
    """In 2010 it was put back at the end of October: that day has 25 hours."""
    first = datetime(2010, 10, 31, tzinfo=MOSCOW)
    assert ShopDay(shop.id, date(2010, 10, 31)).since == first
    assert ShopDay(shop.id, date(2010, 10, 31)).until - first == timedelta(hours=25)
    late = datetime(2010, 10, 31, 23, 30, tzinfo=MOSCOW)
    tell(house, shop, [created("A-1", None, 10, at=late)])
    theirs = [Order("A-1", 1_000, Word.OPEN)]
    assert asking(house, shop)(question("2010-10-31", theirs))["status"] == "match"


def test_our_terms_play_no_part(world: World) -> None:
    """A member's or nobody's, confirmed by the end of the hold or not: the shop cannot know."""
    shop = world.shop(hold_days=1, on_hold_end=OnHoldEnd.CONFIRM)
    gone = world.shop("gone", hold_days=1, on_hold_end=OnHoldEnd.REJECT)
    for one in (shop, gone):
        click = world.click(world.member(), one)
        world.tell_all(
            one,
            {
                "1": created("A-1", click, 10, at=day(0.1)),
                "2": created("A-2", None, 10, at=day(0.1)),
                "3": created("A-3", "clk_unknown", 10, at=day(0.1)),
                "4": created("A-4", click, 10, at=day(0.1)),
                "5": confirmed("A-4", at=day(0.2)),
            },
        )
        world.end_holds(day(3))
    assert {row.status for row in world.query("SELECT status FROM purchases")} == {
        "confirmed",
        "rejected",
        "unattributed",
    }
    theirs = [
        Order("A-1", 1_000, Word.OPEN),
        Order("A-2", 1_000, Word.OPEN),
        Order("A-3", 1_000, Word.OPEN),
        Order("A-4", 1_000, Word.CONFIRMED),
    ]
    for one in (shop, gone):
        assert asking(world, one)(question(DAY, theirs))["status"] == "match"


def test_an_unproved_confirmation_is_the_shops_word_all_the_same(house: World, shop: Shop) -> None:
    lines = {"1": 10.0}
    book_all(
        house,
        stated(shop, "A-1", None, lines, ordered_at=day(0), trusted=False),
        confirmation(shop, "A-1", trusted=False),
    )
    theirs = [Order("A-1", 1_000, Word.CONFIRMED)]
    assert asking(house, shop)(question(DAY, theirs))["status"] == "match"


def test_no_more_is_left_than_was_confirmed(house: World, shop: Shop) -> None:
    book_all(
        house,
        stated(shop, "A-1", None, {"1": 10.0, "2": 5.0}, ordered_at=day(0)),
        confirmation(shop, "A-1", 12),
        given_back(shop, "A-1", "R", {"1": 2.0}),
        stated(shop, "A-2", None, {"1": 10.0}, ordered_at=day(0)),
        confirmation(shop, "A-2", 0),
        stated(shop, "A-3", None, {"1": 10.0}, ordered_at=day(0)),
        confirmation(shop, "A-3", 12),
    )
    theirs = [
        Order("A-1", 1_200, Word.CONFIRMED),
        Order("A-2", 0, Word.RETURNED),
        Order("A-3", 1_000, Word.CONFIRMED),
    ]
    assert asking(house, shop)(question(DAY, theirs))["status"] == "match"


def test_an_order_told_line_by_line(house: World, shop: Shop) -> None:
    """Each line as last told, in however many messages, with a return between them."""
    piece = partial(stated, shop, "A-1", None, ordered_at=day(0), whole=False)
    book_all(house, piece({"1": 10.0}, source="a"), piece({"2": 20.0}, source="b"))
    book_all(house, given_back(shop, "A-1", "R", {"2": 4.0}))
    book_all(house, piece({"1": 7.0}, source="c", amended=True), piece({"3": 1.0}, source="d"))
    theirs = [Order("A-1", 2_400, Word.OPEN)]
    assert asking(house, shop)(question(DAY, theirs))["status"] == "match"


def test_no_line_falls_below_nothing(house: World, shop: Shop) -> None:
    events: list[Event] = [
        created("A-1", None, 10, 5, at=day(0)),
        returned("A-1", "R1", {"1": 7}, at=day(1)),
        returned("A-1", "R2", {"1": 7, "9": 100}, at=day(2)),
    ]
    tell(house, shop, events)
    assert books(events) == [Order("A-1", 500, Word.OPEN)]
    assert asking(house, shop)(question(DAY, books(events)))["status"] == "match"


def test_what_the_inbox_holds_up_is_told(house: World, shop: Shop) -> None:
    foreign = created("A-1", None, 10, at=day(0))
    foreign["data"]["currency"] = "USD"
    good = created("A-3", None, 10, at=day(0))
    differs = [returned("A-3", "R", {"1": one}, at=day(1)) for one in (1, 2)]
    tell(house, shop, [foreign, good, *differs])
    house.store(shop, {"late": json.dumps(created("A-2", None, 10, at=day(0))).encode()})
    theirs = [
        Order("A-1", 1_000, Word.OPEN),
        Order("A-2", 1_000, Word.OPEN),
        Order("A-3", 800, Word.OPEN),
        Order("A-4", 1_000, Word.OPEN),
    ]
    ask = asking(house, shop)
    answer = ask(question(DAY, theirs) | everything(theirs))
    assert answer["booking"] == 1
    assert {row["order_id"]: row.get("inbox") for row in answer["missing"]} == {
        "A-1": {"state": "parked", "reason": str(ParkedReason.CURRENCY_NOT_TAKEN)},
        "A-2": {"state": "waiting"},
        "A-4": None,
    }
    assert answer["amount_mismatch"] == [
        {
            "order_id": "A-3",
            "ours": "9.00",
            "theirs": "8.00",
            "inbox": {"state": "parked", "reason": str(ParkedReason.RETURN_DIFFERS)},
        }
    ]
    house.change("UPDATE inbox_events SET state = 'discarded' WHERE state = 'parked'")
    house.work()
    answer = ask(question(DAY, theirs) | everything(theirs))
    assert "booking" not in answer
    assert {row["order_id"] for row in answer["missing"]} == {"A-1", "A-4"}
    assert answer["missing"][0]["inbox"]["state"] == "discarded"
