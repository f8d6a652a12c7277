"""Events of a shop's own make: what they say by the mapping, and what is refused, and where."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from partners.intake.contracts import NoticeKind
from tests.webhooks.mapping.samples import (
    FORM,
    GONE,
    MAPPING,
    ORDER,
    RECEIVED,
    changed,
    event,
    given_back,
    told,
)
from tracker.kit.clock import MOSCOW
from tracker.kit.errors import Unreadable
from tracker.purchases.contracts import Line, RejectReason, ReturnLine
from webhooks.errors import EventInvalid
from webhooks.wire.loose import MAX_FAULTS

AT = datetime(2010, 12, 1, 8, 26, tzinfo=MOSCOW)
LINES = (
    Line("A", 2, 153_000, "77", "книги"),
    Line("B", 1, 109_990),
)


def faults(body: Any, mapping: Mapping[str, Any] = MAPPING) -> dict[str, str]:
    with pytest.raises(EventInvalid) as caught:
        told(body, dict(mapping))
    return caught.value.fields


def test_a_purchase() -> None:
    (notice,) = told(event("новый"))
    assert (notice.kind, notice.at, notice.dated) == (NoticeKind.CREATED, AT, True)
    assert (notice.order_id, notice.click_id, notice.currency) == ("1001", "clk_1", "RUB")
    assert (notice.ordered_at, notice.lines, notice.whole) == (AT, LINES, True)
    assert notice.upstream == "новый"


def test_one_word_may_tell_two_things() -> None:
    updated, confirmed = told(event("доставлен", итого="2 629,90"))
    assert (updated.kind, updated.lines) == (NoticeKind.UPDATED, LINES)
    assert (confirmed.kind, confirmed.amount) == (NoticeKind.CONFIRMED, 262_990)
    assert (confirmed.lines, confirmed.ordered_at) == ((), None)


def test_a_confirmation_without_an_amount_is_of_whatever_was_stated() -> None:
    assert told(event("доставлен"))[1].amount is None


def test_a_return_of_lines() -> None:
    (notice,) = told(event("возврат", причина="брак", **given_back(("A", "765,00"))))
    assert (notice.kind, notice.return_id) == (NoticeKind.RETURNED, "R-1")
    assert notice.return_lines == (ReturnLine("A", 1, 76_500),)
    assert (notice.reason, notice.reject_reason) == ("брак", RejectReason.RETURNED_GOODS)


def test_a_cancellation_for_a_reason_that_no_mapping_knows() -> None:
    (notice,) = told(event("отмена", причина="передумал"))
    assert notice.kind is NoticeKind.CANCELLED
    assert (notice.reason, notice.reject_reason) == ("передумал", RejectReason.OTHER)


def test_what_is_ignored_may_lack_everything() -> None:
    assert told({"статус": "собирается"}) == ()


@pytest.mark.parametrize(("said", "word"), [(3, "3"), (True, "true")])
def test_a_word_may_be_a_number_or_a_truth_value(said: Any, word: str) -> None:
    mapping = changed(MAPPING, kind__words={word: "cancelled"})
    (notice,) = told(event("x", статус=said), mapping)
    assert notice.upstream == word


def test_returns_told_as_the_lines_are() -> None:
    (notice,) = told(event("возврат", **given_back()), changed(MAPPING, returns="lines"))
    assert notice.return_lines == (ReturnLine("A", 2, 153_000), ReturnLine("B", 1, 109_990))


def test_returns_of_everything() -> None:
    (notice,) = told(event("возврат", **given_back()), changed(MAPPING, returns="all"))
    assert notice.return_lines is None


def test_a_list_of_events_somewhere_in_the_body() -> None:
    mapping = changed(MAPPING, events="/пакет/события")
    body = {"пакет": {"события": [event("новый"), event("собирается"), event("отмена")]}}
    assert [one.kind for one in told(body, mapping)] == [NoticeKind.CREATED, NoticeKind.CANCELLED]
    body["пакет"]["события"][2]["заказ"]["номер"] = ""
    assert faults(body, mapping) == {"/пакет/события/2/заказ/номер": "must have 1 to 200 bytes"}
    assert faults({"пакет": {}}, mapping).keys() == {"/пакет/события"}
    assert faults({"пакет": {"события": []}}, mapping).keys() == {"/пакет/события"}


def test_a_body_that_is_the_list() -> None:
    mapping = changed(MAPPING, events="")
    assert len(told([event("новый"), event("отмена")], mapping)) == 2
    assert faults([event("новый"), 7], mapping)["/1"] == "must be an object"
    assert faults(event("новый"), mapping).keys() == {"body"}


def test_not_more_faults_are_told_than_anybody_reads() -> None:
    mapping = changed(MAPPING, events="")
    found = faults([event("нечто") for _ in range(1000)], mapping)
    assert len(found) == MAX_FAULTS + 1
    assert "faults" in found["body"]


def test_lines_by_their_position() -> None:
    mapping = changed(MAPPING, lines__line_id="position")
    assert [line.line_id for line in told(event("новый"), mapping)[0].lines] == ["1", "2"]


def test_an_order_of_one_sum_and_its_returns() -> None:
    one = {"one": True, "amount": "/итого"}
    mapping = changed(MAPPING, lines=one, returns={"one": True, "amount": "/вернули"})
    body = event("новый", итого="2 629,90")
    assert told(body, mapping)[0].lines == (Line("1", 1, 262_990),)
    back = event("возврат", вернули="0,90", возврат={"номер": "R-1"})
    assert told(back, mapping)[0].return_lines == (ReturnLine("1", 1, 90),)
    assert told({**back, "итого": "0,90"}, changed(mapping, returns="lines"))[0].return_lines == (
        ReturnLine("1", 1, 90),
    )


def test_an_event_that_is_one_line_of_its_order() -> None:
    lines = {"one": True, "whole": False, "line_id": "/код", "amount": "/цена"}
    mapping = changed(MAPPING, lines=lines, returns="lines")
    (notice,) = told(event("новый", код=5, цена="1,00"), mapping)
    assert (notice.lines, notice.whole) == ((Line("5", 1, 100),), False)


def test_moments_that_the_shop_does_not_tell() -> None:
    mapping = changed(MAPPING, at="received", ordered_at="received")
    (notice,) = told(event("новый"), mapping)
    assert (notice.at, notice.ordered_at, notice.dated) == (RECEIVED, RECEIVED, False)


def test_a_form() -> None:
    (notice,) = told(b"order=A-1&sub=clk_1&time=1291191965&sum=153000&more=x", FORM)
    assert (notice.order_id, notice.click_id, notice.currency) == ("A-1", "clk_1", "RUB")
    assert (notice.lines, notice.dated, notice.upstream) == ((Line("1", 1, 153_000),), False, None)
    (nobodys,) = told(b"order=A-1&sub=&time=1291191965&sum=153000", FORM)
    assert nobodys.click_id is None


@pytest.mark.parametrize("raw", [b"order=A&order=B", b"order=%ff", b"order=%00", b"order=%zz"])
def test_a_form_that_two_readers_could_read_differently(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        told(raw + b"&time=1291191965&sum=1", FORM)


def test_a_form_that_lacks_a_field() -> None:
    assert faults(b"order=A-1&sum=&time=x", FORM) == {
        "/sum": "is missing",
        "/time": "must be whole Unix seconds, such as 1291191965",
    }


def test_a_word_that_no_mapping_knows_is_named_with_those_it_does() -> None:
    (why,) = faults(event("отгружен")).values()
    assert why.startswith("'отгружен' is not among the mapping's words: возврат, доставлен, ")


WRONG: dict[str, tuple[dict[str, Any], set[str]]] = {
    "no word": ({"статус": GONE}, {"/статус"}),
    "a list for a word": ({"статус": ["новый"]}, {"/статус"}),
    "no order": ({"заказ__номер": GONE}, {"/заказ/номер"}),
    "an order of no kind": ({"заказ__номер": True}, {"/заказ/номер"}),
    "an order with blanks": ({"заказ__номер": " 1"}, {"/заказ/номер"}),
    "an order that is a fraction": ({"заказ__номер": 1.5}, {"/заказ/номер"}),
    "a click of no kind": ({"заказ__метка": {}}, {"/заказ/метка"}),
    "no moment": ({"когда": None}, {"/когда"}),
    "another kind of moment": ({"когда": "2010-12-01"}, {"/когда"}),
    "another kind of moment for the order": ({"заказ__создан": 7}, {"/заказ/создан"}),
    "a currency of its own": ({"заказ__валюта": "рублей"}, {"/заказ/валюта"}),
    "no currency": ({"заказ__валюта": GONE}, {"/заказ/валюта"}),
    "no lines": ({"заказ__товары": []}, {"/заказ/товары"}),
    "lines of no kind": ({"заказ__товары": {"код": "A"}}, {"/заказ/товары"}),
    "a line of no kind": (
        {"заказ__товары": ["A"]},
        {"/заказ/товары/0", *(f"/заказ/товары/0/{name}" for name in ("код", "шт", "цена"))},
    ),
    "a line twice": ({"заказ__товары": ORDER["товары"][:1] * 2}, {"/заказ/товары"}),
    "a sum as a number": (
        {"заказ__товары": [{"код": "A", "шт": 1, "цена": 1}]},
        {"/заказ/товары/0/цена"},
    ),
    "a sum with a dot": (
        {"заказ__товары": [{"код": "A", "шт": 1, "цена": "1.00"}]},
        {"/заказ/товары/0/цена"},
    ),
    "half a piece": (
        {"заказ__товары": [{"код": "A", "шт": "0,5", "цена": "1,00"}]},
        {"/заказ/товары/0/шт"},
    ),
    "no piece": (
        {"заказ__товары": [{"код": "A", "шт": 0, "цена": "1,00"}]},
        {"/заказ/товары/0/шт"},
    ),
    "more money than there is": (
        {"заказ__товары": [{"код": "A", "шт": 1_000_000_000, "цена": "999999999,00"}]},
        {"/заказ/товары"},
    ),
    "several at once": (
        {"заказ__номер": GONE, "когда": "x", "заказ__валюта": 1},
        {"/заказ/номер", "/когда", "/заказ/валюта"},
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_fault_is_told_under_the_shops_own_field(name: str) -> None:
    changes, paths = WRONG[name]
    found = faults(changed(event("новый"), **changes))
    assert found.keys() == paths
    assert all(found.values())


@pytest.mark.parametrize("body", [[], "x", 7, None])
def test_an_event_that_is_no_object(body: Any) -> None:
    assert "body" in faults(body)


def test_a_return_without_its_id_or_its_lines() -> None:
    assert faults(event("возврат")).keys() == {"/возврат/номер", "/возврат/товары"}


def test_another_currency_is_read_and_left_to_staff() -> None:
    assert told(changed(event("новый"), заказ__валюта="USD"))[0].currency == "USD"


def test_a_word_for_a_currency_that_is_not_listed_names_those_that_are() -> None:
    why = faults(changed(event("новый"), заказ__валюта="рублей"))["/заказ/валюта"]
    assert why == "'рублей' is no code such as RUB, nor among `currencies`: руб."
