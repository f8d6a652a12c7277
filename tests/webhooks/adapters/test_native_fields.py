"""Our own dialect: every field of every kind of event, right and wrong."""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from partners.intake.contracts import NoticeKind, PurchaseNotice
from tests.world import cancelled, confirmed, created, day, returned, updated
from tracker.purchases.contracts import ReturnLine
from webhooks.adapters.native import read
from webhooks.errors import EventInvalid

EVENTS: dict[str, dict[str, Any]] = {
    "created": created("A-1", "clk_1", 15.3, 0, at=day(1)),
    "updated": updated("A-1", "clk_1", 15.3, at=day(2)),
    "confirmed": confirmed("A-1", at=day(3)),
    "returned": returned("A-1", "R-1", {"1": 5, "2": 0.01}, at=day(4)),
    "cancelled": cancelled("A-1", at=day(5)),
}
OPTIONAL = {
    "data.click_id",
    "data.reason",
    "data.lines[0].sku",
    "data.lines[1].sku",
    "data.lines[0].category",
    "data.lines[1].category",
}
"""Beside these, a return without lines is one of all of it."""


def told(event: Any) -> PurchaseNotice:
    return read(json.dumps(event).encode())


def faults(event: Any) -> dict[str, str]:
    with pytest.raises(EventInvalid) as caught:
        told(event)
    return caught.value.fields


def leaves(value: Any, path: str = "") -> Iterator[str]:
    """The path of every field and of every object and list."""
    if isinstance(value, dict):
        for name, inner in value.items():
            below = f"{path}.{name}".lstrip(".")
            yield below
            yield from leaves(inner, below)
    if isinstance(value, list):
        for place, inner in enumerate(value):
            yield f"{path}[{place}]"
            yield from leaves(inner, f"{path}[{place}]")


def put(event: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of an event with another value at a path."""
    changed = copy.deepcopy(event)
    inner: Any = changed
    *way, last = path.replace("[", ".[").split(".")
    for step in way:
        inner = inner[int(step[1:-1]) if step.startswith("[") else step]
    inner[int(last[1:-1]) if last.startswith("[") else last] = value
    return changed


PLACES = [(kind, path) for kind, event in EVENTS.items() for path in leaves(event)]


@pytest.mark.parametrize(("kind", "path"), PLACES)
@pytest.mark.parametrize("wrong", [None, True, -7, 1.5, [], {}, [[]], "\u200b" * 501])
def test_every_field_at_fault_is_named(kind: str, path: str, wrong: Any) -> None:
    event = put(EVENTS[kind], path, wrong)
    whole_return = (kind, path) == ("returned", "data.lines")
    if wrong is None and (path in OPTIONAL or whole_return):
        told(event)
        return
    named = faults(event)
    assert any(name == path or name.startswith((f"{path}.", f"{path}[")) for name in named), named


@pytest.mark.parametrize("kind", EVENTS)
def test_good_events_are_read(kind: str) -> None:
    notice = told(EVENTS[kind])
    assert notice.kind is NoticeKind(kind)
    assert notice.order_id == "A-1"
    assert notice.at.utcoffset() is not None


@pytest.mark.parametrize("kind", EVENTS)
def test_unknown_fields_are_passed_over(kind: str) -> None:
    event = copy.deepcopy(EVENTS[kind])
    event["trace"] = event["data"]["basket"] = {"any": ["thing", 1.5, None]}
    for line in event["data"].get("lines", []):
        line["colour"] = "green"
    assert told(event) == told(EVENTS[kind])


@pytest.mark.parametrize("event", [None, True, 5, "text", [], [EVENTS["created"]]])
def test_an_event_is_an_object(event: Any) -> None:
    assert "body" in faults(event)


@pytest.mark.parametrize(
    "kind", ["purchase.paid", "created", "PURCHASE.CREATED", "", " purchase.created"]
)
def test_the_types_are_a_closed_list(kind: str) -> None:
    assert "type" in faults({**EVENTS["created"], "type": kind})


MONEY = ["", "-1.00", "+1", "1,50", "1.234", "1e3", " 1", "1 ", "NaN", "Infinity", "01.00", ".5"]
MONEY += ["1.", "٣", "0x10", "1_000", "1000000000000.01", "9" * 40, "1.00 ₽", "½"]


@pytest.mark.parametrize("amount", [*MONEY, 1530, 1530.0, True, None])
def test_money_is_a_plain_decimal_string(amount: Any) -> None:
    event = put(EVENTS["created"], "data.lines[0].amount", amount)
    assert set(faults(event)) == {"data.lines[0].amount"}


@pytest.mark.parametrize(
    ("amount", "kopecks"),
    [("0", 0), ("0.01", 1), ("7.5", 750), ("1530.00", 153_000), ("1000000000000.00", 10**14)],
)
def test_money_is_read_to_the_kopeck(amount: str, kopecks: int) -> None:
    notice = told(put(EVENTS["created"], "data.lines[0].amount", amount))
    assert notice.lines[0].amount == kopecks


@pytest.mark.parametrize("quantity", [0, -1, True, False, 1.0, 2.5, "1", 10**9 + 1, 10**30, None])
def test_a_quantity_is_a_whole_number_from_1_on(quantity: Any) -> None:
    event = put(EVENTS["returned"], "data.lines[0].quantity", quantity)
    assert set(faults(event)) == {"data.lines[0].quantity"}


@pytest.mark.parametrize("quantity", [1, 6, 10**9])
def test_quantities_are_taken(quantity: int) -> None:
    notice = told(put(EVENTS["created"], "data.lines[0].quantity", quantity))
    assert notice.lines[0].quantity == quantity


MOMENTS = ["", "2010-12-01", "2010-12-01T08:26", "2010-12-01T08:26:00", "2010-12-01 08:26:00+03:00"]
MOMENTS += [
    "2010-W48-3T08:26:00Z",
    "2010-335T08:26:00Z",
    "20101201T082600Z",
    "2010-12-01T08:26:60Z",
]
MOMENTS += [
    "2011-02-29T00:00:00Z",
    "2100-02-28T00:00:00Z",
    "1999-12-31T23:59:59Z",
    "2010-13-01T00:00:00Z",
]
MOMENTS += [
    "2010-12-01T24:00:00Z",
    "2010-12-01T25:00:00Z",
    "2010-12-01T08:26:00+3:00",
    "2010-12-01T08:26:00+0300",
]
MOMENTS += [
    "2010-12-01T08:26:00+24:00",
    "2010-12-01T08:26:00+14:01",
    "2010-12-01T08:26:00-23:59",
    "2010-12-01T08:26:00 MSK",
    "2010-12-01T08:26:00.Z",
    "२०१०-12-01T08:26:00Z",
]
MOMENTS += [
    " 2010-12-01T08:26:00Z",
    "2010-12-01T08:26:00Z\n",
    "-2010-12-01T08:26:00Z",
    "1291181160",
]


@pytest.mark.parametrize("moment", [*MOMENTS, 1291181160, None])
@pytest.mark.parametrize("path", ["timestamp", "data.ordered_at"])
def test_a_moment_has_all_its_parts_and_an_offset(path: str, moment: Any) -> None:
    assert set(faults(put(EVENTS["created"], path, moment))) == {path}


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2010-12-01T05:26:00Z", datetime(2010, 12, 1, 5, 26, tzinfo=UTC)),
        ("2010-12-01t05:26:00z", datetime(2010, 12, 1, 5, 26, tzinfo=UTC)),
        ("2010-12-01T08:26:00.123456789+03:00", datetime(2010, 12, 1, 5, 26, 0, 123_456, UTC)),
        ("2012-02-29T00:00:00-00:00", datetime(2012, 2, 29, tzinfo=UTC)),
        ("2000-01-01T00:00:00+14:00", datetime(1999, 12, 31, 10, tzinfo=UTC)),
        ("2010-12-01T00:00:00-14:00", datetime(2010, 12, 1, 14, tzinfo=UTC)),
        ("2099-12-31T23:59:59-12:00", datetime(2100, 1, 1, 11, 59, 59, tzinfo=UTC)),
    ],
)
def test_moments_are_read(moment: str, expected: datetime) -> None:
    assert told(put(EVENTS["created"], "timestamp", moment)).at == expected


def test_the_offset_is_the_shops_own() -> None:
    notice = told(put(EVENTS["created"], "timestamp", "2010-12-01T08:26:00+05:30"))
    assert notice.at.tzinfo == timezone(timedelta(hours=5, minutes=30))


IDS = [
    "",
    " A",
    "A ",
    "\tA",
    "A\nB",
    "A\x7f",
    "x" * 201,
    "я" * 101,
    "\u200b",
    "A\u2028B",
]


@pytest.mark.parametrize("bad", [*IDS, 536365, None])
@pytest.mark.parametrize("path", ["data.order_id", "data.return_id", "data.lines[0].line_id"])
def test_ids_are_printable_and_not_long(path: str, bad: Any) -> None:
    assert set(faults(put(EVENTS["returned"], path, bad))) == {path}


@pytest.mark.parametrize("good", ["x" * 200, "я" * 100, "№ 5/а", "A B", "'; DROP TABLE --", "😀"])
def test_ids_are_opaque(good: str) -> None:
    assert told(put(EVENTS["created"], "data.order_id", good)).order_id == good


@pytest.mark.parametrize("currency", ["rub", "RU", "RUBL", "₽", "", 643, "RUB\n"])
def test_a_currency_is_three_capitals(currency: Any) -> None:
    assert set(faults(put(EVENTS["created"], "data.currency", currency))) == {"data.currency"}


def many(count: int) -> dict[str, Any]:
    line = EVENTS["created"]["data"]["lines"][0]
    lines = [{**line, "line_id": str(number)} for number in range(count)]
    return put(EVENTS["created"], "data.lines", lines)


def test_a_purchase_has_1_to_1000_lines() -> None:
    assert len(told(many(1)).lines) == 1
    assert len(told(many(1_000)).lines) == 1_000
    for count in (0, 1_001):
        assert faults(many(count)) == {"data.lines": "must be a list of 1 to 1000 objects"}


def test_a_line_id_stands_once() -> None:
    event = put(EVENTS["created"], "data.lines[1].line_id", "1")
    assert faults(event) == {"data.lines": "a line_id stands twice"}


def test_a_return_may_name_a_line_twice() -> None:
    """Two pieces of it on one slip: the sums are added up where the return is filed."""
    line = {"line_id": "1", "quantity": 1, "amount": "5.00"}
    notice = told(put(EVENTS["returned"], "data.lines", [line, line]))
    assert notice.return_lines == (ReturnLine("1", 1, 500), ReturnLine("1", 1, 500))


def test_a_return_without_lines_is_of_all_of_it() -> None:
    whole = returned("A-1", "R-1", at=day(4))
    assert told(whole).return_lines is None
    assert told(put(whole, "data.lines", None)).return_lines is None
    assert set(faults(put(whole, "data.lines", []))) == {"data.lines"}


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_purchase_without_a_click_is_taken(nothing: str | None) -> None:
    assert told(put(EVENTS["created"], "data.click_id", nothing)).click_id is None


def test_every_fault_of_every_line_is_told_in_one_answer() -> None:
    event = put(EVENTS["created"], "data.lines", [{}, {"line_id": "1"}, 5])
    assert set(faults(event)) >= {
        "data.lines[0].line_id",
        "data.lines[0].quantity",
        "data.lines[0].amount",
        "data.lines[1].quantity",
        "data.lines[1].amount",
        "data.lines[2]",
    }


TRILLION = 10**12


def test_lines_come_to_a_sum_that_we_count() -> None:
    told(created("A-1", "clk_1", TRILLION - 1, 1, at=day(1)))
    event = created("A-1", "clk_1", TRILLION, 0.01, at=day(1))
    assert faults(event) == {"data.lines": "come to more than a trillion roubles"}


def test_a_return_comes_to_a_sum_that_we_count_also_when_it_names_a_line_twice() -> None:
    event = returned("A-1", "R-1", {"1": TRILLION}, at=day(4))
    told(event)
    event["data"]["lines"] *= 2
    assert faults(event) == {"data.lines": "come to more than a trillion roubles"}
