"""From rows to shops, members, clicks and webhooks."""

from typing import Any

import pytest

from sandbox.catalogue.sections import SECTIONS
from sandbox.replay.clicks import ClickKey, clicks_csv, issued_ids
from sandbox.replay.dataset import Dataset, dataset_of
from sandbox.replay.events import Event, Kind
from sandbox.replay.members import members_csv
from sandbox.replay.rows import parse_rows
from sandbox.replay.sample import sample_csv
from sandbox.replay.shops import replay_shops, shop_of

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
MEMBER = "+79000017850"


def dataset(*lines: str) -> Dataset:
    """A dataset of rows written as ``invoice thing units moment price [customer]``."""
    return dataset_of(parse_rows([HEADER, *(_csv_row(line) for line in lines)]))


def _csv_row(line: str) -> str:
    invoice, thing, units, moment, price, *customer = line.split()
    return f"{invoice},{thing},WHAT,{units},{moment},{price},{''.join(customer)},WHERE"


def data(event: Event) -> Any:
    clicks = {event.click: "clk_1"} if isinstance(event.click, ClickKey) else {}
    return event.body(clicks)["data"]


def test_shops_follow_from_their_numbers() -> None:
    shops = replay_shops()
    assert [shop.slug for shop in shops] == [f"shop-{number:03d}" for number in range(660)]
    assert {shop.section for shop in shops} == {section.slug for section in SECTIONS}
    known = shops[352]
    assert (known.hold_days, known.on_hold_end, known.status) == (1, "confirm", "active")
    assert (known.cashback_percent, known.commission_percent) == ("5", "7")
    assert all(1 <= int(shop.cashback_percent) <= 50 for shop in shops)
    assert all(1 <= shop.hold_days <= 90 for shop in shops)


def test_the_shop_of_a_thing_does_not_depend_on_case() -> None:
    assert shop_of("11449") == "shop-352"
    assert shop_of("85123a") == shop_of("85123A")


def test_a_purchase_is_told_as_the_contract_shows_it() -> None:
    [event] = dataset("536365 85123A 6 2010-12-01T08:26 2.55 17850").events
    assert event.body({ClickKey(MEMBER, shop_of("85123A")): "clk_1"}) == {
        "type": "purchase.created",
        "timestamp": "2010-12-01T05:26:00Z",
        "data": {
            "order_id": "536365",
            "click_id": "clk_1",
            "ordered_at": "2010-12-01T08:26:00+03:00",
            "currency": "RUB",
            "lines": [
                {
                    "line_id": "1",
                    "sku": "85123A",
                    "category": "home",
                    "quantity": 6,
                    "amount": "1530.00",
                }
            ],
        },
    }


def test_an_invoice_is_one_purchase_at_each_shop() -> None:
    events = dataset(
        "1 85123A 6 2010-12-01T08:26 2.55 17850",
        "1 71053 6 2010-12-01T08:26 3.39 17850",
        "1 85123a 1 2010-12-01T08:27 2.55 17850",
    ).events
    assert [event.shop for event in events] == [shop_of("85123A"), shop_of("71053")]
    assert [line["line_id"] for line in data(events[0])["lines"]] == ["1", "3"]
    assert data(events[0])["ordered_at"] == "2010-12-01T08:26:00+03:00"
    assert len({event.webhook_id for event in events}) == 2


def test_a_purchase_cannot_be_told_before_its_click_is_known() -> None:
    [event] = dataset("1 85123A 6 2010-12-01T08:26 2.55 17850").events
    with pytest.raises(KeyError):
        event.body({})


def test_a_guest_comes_with_a_click_that_nobody_made() -> None:
    known = dataset("1 85123A 6 2010-12-01T08:26 2.55")
    [event] = known.events
    assert event.kind is Kind.GUEST
    assert data(event)["click_id"] == "clk_guest_1"
    assert (known.members, known.clicks) == ([], [])


def test_members_come_in_order_of_appearance_and_had_joined_before() -> None:
    members = dataset(
        "1 85123A 6 2010-12-01T08:26 2.55 17850",
        "C2 71053 -6 2010-12-01T09:26 3.39 12345",
        "3 85123A 6 2010-12-02T08:26 2.55 17850",
    ).members
    assert members_csv(members) == (
        "phone,joined_at\n"
        "+79000017850,2010-11-30T08:26:00+03:00\n"
        "+79000012345,2010-11-30T08:26:00+03:00\n"
    )


def test_a_member_clicks_once_for_each_shop_just_before_the_first_purchase() -> None:
    clicks = dataset(
        "1 11449 6 2010-12-01T08:26 2.55 17850", "2 11449 6 2010-12-02T08:26 2.55 17850"
    ).clicks
    assert clicks_csv(clicks) == (
        "shop,phone,clicked_at\nshop-352,+79000017850,2010-12-01T08:25:00+03:00\n"
    )


def test_ids_of_clicks_are_found_in_what_their_import_prints() -> None:
    printed = (
        "shop,phone,clicked_at,click_id\n"
        "shop-352,+79000017850,2010-12-01T08:25:00+03:00,clk_a\n"
        "shop-001,+79000017850,2010-12-01T08:25:00+03:00,clk_b\n"
    )
    assert issued_ids(printed) == {
        ClickKey(MEMBER, "shop-352"): "clk_a",
        ClickKey(MEMBER, "shop-001"): "clk_b",
    }


def test_units_come_back_from_the_latest_purchase_first_at_its_own_price() -> None:
    *_, of_second, of_first = dataset(
        "1 85123A 6 2010-12-01T08:26 2 17850",
        "2 85123A 3 2010-12-02T08:26 3 17850",
        "C3 85123A -5 2010-12-03T08:26 9 17850",
    ).events
    assert of_second.body({}) == {
        "type": "purchase.returned",
        "timestamp": "2010-12-03T05:26:00Z",
        "data": {
            "order_id": "2",
            "return_id": "C3",
            "lines": [{"line_id": "2", "quantity": 3, "amount": "900.00"}],
        },
    }
    assert data(of_first)["order_id"] == "1"
    assert data(of_first)["lines"] == [{"line_id": "1", "quantity": 2, "amount": "400.00"}]


def test_rows_of_one_cancellation_add_up_for_each_line() -> None:
    *_, event = dataset(
        "1 85123A 6 2010-12-01T08:26 2 17850",
        "C3 85123A -2 2010-12-03T08:26 2 17850",
        "C3 85123A -1 2010-12-03T08:26 2 17850",
    ).events
    assert data(event)["lines"] == [{"line_id": "1", "quantity": 3, "amount": "600.00"}]


def test_units_that_nobody_bought_are_a_return_of_an_order_never_seen() -> None:
    *_, matched, unmatched, _ = dataset(
        "1 85123A 1 2010-12-01T08:26 2 17850",
        "9 85123A 7 2010-12-01T09:26 2 12345",
        "8 85123A 7 2010-12-01T09:26 2",
        "C3 85123A -5 2010-12-03T08:26 3 17850",
        "4 85123A 7 2010-12-04T08:26 2 17850",
    ).events
    assert (matched.kind, unmatched.kind) == (Kind.RETURN, Kind.UNMATCHED)
    assert data(unmatched) == {
        "order_id": "C3",
        "return_id": "C3",
        "lines": [{"line_id": "4", "quantity": 4, "amount": "1200.00"}],
    }
    assert matched.webhook_id != unmatched.webhook_id


def test_what_is_neither_sold_nor_given_back_is_not_sent() -> None:
    assert not dataset(
        "1 85123A 6 2010-12-01T08:26 0 17850",
        "2 85123A -6 2010-12-01T08:26 2.55 17850",
        "C3 85123A -6 2010-12-01T08:26 2.55",
    ).events


@pytest.fixture(scope="module")
def sample() -> Dataset:
    return dataset_of(parse_rows(sample_csv().splitlines()))


def test_a_sample_is_the_same_every_time_and_another_for_another_seed() -> None:
    assert sample_csv(3) == sample_csv(3) != sample_csv(4)


def test_a_sample_is_small_and_has_every_kind_of_event(sample: Dataset) -> None:
    assert 350 < len(sample_csv().splitlines()) < 500
    assert all(sample.count(kind) > 20 for kind in Kind)
    assert len(sample.events) == sum(sample.count(kind) for kind in Kind)


def test_a_sample_is_as_dirty_as_real_data() -> None:
    rows = list(parse_rows(sample_csv().splitlines()))
    assert any(row.unit_price == 0 for row in rows)
    assert any(row.unit_price < 0 for row in rows)
    assert any(row.quantity < 0 and not row.is_cancellation for row in rows)
    assert any(row.is_cancellation and not row.customer for row in rows)
    assert any(row.unit_price % 100 for row in rows)


def test_events_of_a_sample_are_in_order_and_have_ids_of_their_own(sample: Dataset) -> None:
    assert [event.moment for event in sample.events] == sorted(e.moment for e in sample.events)
    ids = {(event.shop, event.webhook_id) for event in sample.events}
    assert len(ids) == len(sample.events)
    assert not any("." in event.webhook_id for event in sample.events)


def test_no_click_of_a_sample_is_too_old_for_its_purchase(sample: Dataset) -> None:
    clicked_at = {click.key: click.clicked_at for click in sample.clicks}
    ages = [
        event.moment - clicked_at[event.click]
        for event in sample.events
        if isinstance(event.click, ClickKey)
    ]
    assert min(ages).total_seconds() > 0
    assert max(ages).days < 30
