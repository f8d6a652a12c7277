"""Bodies of control totals: every fault is told with its field, and what it should be."""

import json
from typing import Any

import pytest

from tests.webhooks.totals.exchange import everything, question
from tracker.kit.money import MAX_KOPECKS
from tracker.purchases.days import EVERYTHING, Order, Range, Tally, Word
from webhooks.totals.reading import list_sha256, read
from webhooks.totals.rules import MAX_BUCKETS, MAX_ORDERS, Said, TotalsInvalid

ORDERS = [
    Order("A-1001", 153_000, Word.OPEN),
    Order("A-1002", 9_990, Word.CONFIRMED),
    Order("B-7", 0, Word.RETURNED),
]
FIRST = question("2010-12-01", ORDERS)
HASH = "0" * 64


def said(body: Any) -> Said:
    return read(json.dumps(body).encode())


def faults(body: Any) -> dict[str, str]:
    with pytest.raises(TotalsInvalid) as refused:
        said(body)
    return refused.value.fields


def bucket(first: Any = "", end: Any = None, **changes: Any) -> dict[str, Any]:
    return {"from": first, "to": end, "count": 0, "sum": "0", "hash": HASH} | changes


def test_the_first_question() -> None:
    totals = said(FIRST).totals
    assert totals is not None
    assert (totals.count, totals.amount) == (3, 162_990)
    assert totals.by_word[Word.CONFIRMED] == Tally(1, 9_990)
    assert totals.sha256 == list_sha256(ORDERS)


def test_orders_of_a_range() -> None:
    told = said({"date": "2010-12-01"} | everything(ORDERS))
    assert (told.totals, told.orders, told.within) == (None, ORDERS, EVERYTHING)
    some = everything(ORDERS[:2]) | {"from": "A", "to": "B"}
    assert said({"date": "2010-12-01"} | some).within == Range("A", "B")


def test_a_day_at_once() -> None:
    told = said(FIRST | everything(ORDERS))
    assert told.orders == ORDERS
    assert told.totals == said(FIRST).totals


def test_ranges() -> None:
    told = said({"date": "2010-12-01", "buckets": [bucket("", "A"), bucket("B", "C"), bucket("C")]})
    assert [one for one, _ in told.buckets] == [Range("", "A"), Range("B", "C"), Range("C")]


@pytest.mark.parametrize("name", ["date", "count", "sum", "by_status", "hash"])
def test_what_the_first_question_must_have(name: str) -> None:
    without = {field: value for field, value in FIRST.items() if field != name}
    named = {field.partition(".")[0] for field in faults(without)}
    assert name in named
    assert faults(FIRST | {name: None}) == faults(without)


@pytest.mark.parametrize(
    ("changed", "field", "value"),
    [
        ("date", "date", "2010-12-32"),
        ("date", "date", "20101201"),
        ("date", "date", "1999-12-31"),
        ("date", "date", 20101201),
        ("count", "count", 4),
        ("count", "count", -1),
        ("count", "count", 3.0),
        ("count", "count", True),
        ("count", "count", "3"),
        ("count", "count", 10**10),
        ("sum", "sum", "1629.91"),
        ("sum", "sum", 1629.9),
        ("sum", "sum", "1,629.90"),
        ("sum", "sum", "-1.00"),
        ("hash", "hash", HASH[1:]),
        ("hash", "hash", "A" * 64),
        ("hash", "hash", 0),
        ("by_status", "by_status", []),
        ("by_status", "by_status.open", {"confirmed": {"count": 1, "sum": "1"}}),
        ("by_status", "by_status.returned.count", {"returned": {"sum": "0"}}),
        ("by_status", "by_status.returned.sum", {"returned": {"count": 1, "sum": "0.01"}}),
    ],
)
def test_what_is_wrong_is_named(changed: str, field: str, value: Any) -> None:
    found = faults(FIRST | {changed: value})
    assert field in found
    assert all(found.values())


def test_figures_that_do_not_fit_are_told_what_they_should_be() -> None:
    found = faults(FIRST | {"count": 4, "sum": "1.00"})
    assert found == {
        "count": "must be what by_status comes to, which is 3",
        "sum": "must be what by_status comes to, which is 1629.90",
    }


def test_totals_that_are_not_of_the_orders_with_them() -> None:
    found = faults(FIRST | {"hash": HASH} | everything(ORDERS))
    assert found == {"hash": f"of these orders it is {list_sha256(ORDERS)}"}
    found = faults(FIRST | everything(ORDERS[1:]))
    assert found["by_status.open"] == "orders come to a count of 0 and a sum of 0.00"


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("order_id", "", "must have 1 to 200 bytes"),
        ("order_id", " A", "must be printable"),
        ("order_id", "ы" * 101, "must have 1 to 200 bytes"),
        ("order_id", "A\tB", "must be printable"),
        ("order_id", 7, "must be a string"),
        ("order_id", "A-1002", "stands twice"),
        ("order_id", "Z", "is not between"),
        ("amount", 1530, "must be a decimal string"),
        ("amount", str(MAX_KOPECKS), "must be a decimal string"),
        ("status", "pending", "must be one of open, confirmed, returned"),
        ("status", "returned", 'must be "returned" exactly where'),
        ("amount", "0.00", "exactly where the amount is"),
    ],
)
def test_orders_that_are_wrong(field: str, value: Any, why: str) -> None:
    body = {"date": "2010-12-01"} | everything(ORDERS) | {"to": "C"}
    body["orders"][0][field] = value
    found = faults(body)
    assert why in " ".join(found.values())
    assert all(name.startswith("orders[") for name in found)


@pytest.mark.parametrize(
    ("buckets", "field"),
    [
        ([], "buckets"),
        ({}, "buckets"),
        ([7], "buckets[0]"),
        ([bucket("B", "B")], "buckets[0].to"),
        ([bucket("B", "A")], "buckets[0].to"),
        ([bucket("A", "C"), bucket("B")], "buckets[1].from"),
        ([bucket(""), bucket("B")], "buckets[1].from"),
        ([bucket(7)], "buckets[0].from"),
        ([bucket("ы" * 101)], "buckets[0].from"),
        ([bucket(count=-1)], "buckets[0].count"),
        ([bucket(sum=0)], "buckets[0].sum"),
        ([bucket(hash=None)], "buckets[0].hash"),
    ],
)
def test_ranges_that_are_wrong(buckets: Any, field: str) -> None:
    assert field in faults({"date": "2010-12-01", "buckets": buckets})


def test_there_is_an_end_to_everything() -> None:
    day = {"date": "2010-12-01"}
    orders = [Order(str(number), 1, Word.OPEN) for number in range(MAX_ORDERS + 1)]
    assert len(said(day | everything(orders[1:])).orders or ()) == MAX_ORDERS
    assert faults(day | everything(orders)) == {
        "orders": f"must be a list of up to {MAX_ORDERS} objects"
    }
    ranges = [bucket(f"{number:05d}", f"{number + 1:05d}") for number in range(MAX_BUCKETS + 1)]
    assert len(said(day | {"buckets": ranges[1:]}).buckets) == MAX_BUCKETS
    assert "buckets" in faults(day | {"buckets": ranges})


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"from": "A"}, "from"),
        ({"to": "A"}, "to"),
        ({"buckets": [bucket()], "orders": []}, "buckets"),
        ({"buckets": [bucket()], "to": "A"}, "to"),
    ],
)
def test_what_does_not_go_together(more: dict[str, Any], field: str) -> None:
    assert field in faults(FIRST | more)


@pytest.mark.parametrize("body", ["[]", "7", "null", '"x"', "{}"])
def test_something_else_altogether(body: str) -> None:
    assert faults(json.loads(body))
