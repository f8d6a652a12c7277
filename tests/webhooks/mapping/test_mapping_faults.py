"""A mapping is checked when it is saved: every fault is named by its path, all of them at once."""

import json
from typing import Any

import pytest

from tests.webhooks.mapping.samples import FORM, GONE, MAPPING, changed
from tracker.kit.formats.sections import MAX_WORD, MAX_WORDS
from webhooks.adapters.mapped import from_mapping
from webhooks.mapping.schema import MAX_MAPPING, MappingInvalid
from webhooks.wire.letters import Shape


def faults(mapping: Any) -> dict[str, str]:
    with pytest.raises(MappingInvalid) as caught:
        from_mapping(mapping)
    return caught.value.fields


def test_the_samples_are_good() -> None:
    assert from_mapping(MAPPING).shapes == {Shape.JSON}
    assert from_mapping(FORM).shapes == {Shape.FORM}
    assert from_mapping(FORM).methods == {"GET", "POST"}
    assert from_mapping(MAPPING).methods == {"POST"}


@pytest.mark.parametrize(
    ("schemes", "names"),
    [
        (GONE, ["standard-webhooks", "header-key", "url-key"]),
        (["url-key", "standard-webhooks"], ["standard-webhooks", "url-key"]),
        (["header-key"], ["header-key"]),
    ],
)
def test_the_schemes_are_those_chosen_the_strongest_first(schemes: Any, names: list[str]) -> None:
    found = from_mapping(changed(MAPPING, schemes=schemes)).schemes
    assert [one.name for one in found] == names


ONE: dict[str, Any] = {"one": True, "amount": "/sum"}

WRONG: dict[str, tuple[dict[str, Any], set[str]]] = {
    "an unknown key": ({"order": "/x"}, {"/order"}),
    "an unknown key inside": ({"lines__price": "/x"}, {"/lines/price"}),
    "a key with a slash": ({"a/b": 1}, {"/a~1b"}),
    "no order id": ({"order_id": GONE}, {"/order_id"}),
    "no click id": ({"click_id": GONE}, {"/click_id"}),
    "no moment": ({"at": GONE}, {"/at"}),
    "no moment of the order": ({"ordered_at": None}, {"/ordered_at"}),
    "no currency": ({"currency": GONE, "currencies": GONE}, {"/currency"}),
    "no return id": ({"return_id": GONE}, {"/return_id"}),
    "no returns": ({"returns": GONE}, {"/returns"}),
    "no lines": (
        {"lines": GONE, "returns": "all"},
        {"/lines", "/lines/amount"},
    ),
    "no unit": ({"numbers__unit": GONE}, {"/numbers/unit"}),
    "no numbers": ({"numbers": GONE}, {"/numbers", "/numbers/unit"}),
    "no pointer": ({"order_id": "number"}, {"/order_id"}),
    "a number for a pointer": ({"order_id": 7}, {"/order_id"}),
    "a bad escape": ({"order_id": "/a~b"}, {"/order_id"}),
    "a word that is none": ({"at": "whenever"}, {"/at"}),
    "a list for a moment": ({"at": ["/x"]}, {"/at"}),
    "a shape that is none": ({"shape": "xml"}, {"/shape"}),
    "no scheme": ({"schemes": []}, {"/schemes"}),
    "a scheme that is none": ({"schemes": ["none"]}, {"/schemes"}),
    "a scheme twice": ({"schemes": ["url-key", "url-key"]}, {"/schemes"}),
    "schemes of no kind": ({"schemes": {"url-key": True}}, {"/schemes"}),
    "kind is no object": ({"kind": "/status"}, {"/kind", "/kind/at", "/kind/words"}),
    "no words": ({"kind__words": {}}, {"/kind/words"}),
    "too many words": (
        {"kind__words": {str(n): "ignored" for n in range(MAX_WORDS + 1)}},
        {"/kind/words"},
    ),
    "a long word": (
        {"kind__words": {"x" * (MAX_WORD + 1): "ignored"}},
        {"/kind/words/" + "x" * MAX_WORD},
    ),
    "a word with blanks": ({"kind__words": {" new": "ignored"}}, {"/kind/words/ new"}),
    "an empty word": ({"kind__words": {"": "ignored"}}, {"/kind/words/"}),
    "a meaning that is none": ({"kind__words__новый": "sold"}, {"/kind/words/новый"}),
    "no meaning": ({"kind__words__новый": []}, {"/kind/words/новый"}),
    "a meaning of no kind": ({"kind__words__новый": [7]}, {"/kind/words/новый"}),
    "a meaning twice": (
        {"kind__words__новый": ["created", "created"]},
        {"/kind/words/новый"},
    ),
    "created and updated": (
        {"kind__words__новый": ["created", "updated"]},
        {"/kind/words/новый"},
    ),
    "confirmed and cancelled": (
        {"kind__words__новый": ["confirmed", "cancelled"]},
        {"/kind/words/новый"},
    ),
    "ignored and created": (
        {"kind__words__новый": ["ignored", "created"]},
        {"/kind/words/новый"},
    ),
    "always beside words": ({"kind__always": "created"}, {"/kind/always"}),
    "a currency that is none": ({"currency": "rub", "currencies": GONE}, {"/currency"}),
    "currencies of a constant": ({"currency": "RUB"}, {"/currencies"}),
    "a currency translated to none": ({"currencies": {"руб": "₽"}}, {"/currencies/руб"}),
    "a reason that is none": ({"reasons": {"брак": "broken"}}, {"/reasons/брак"}),
    "reasons without a reason": ({"reason": GONE}, {"/reasons"}),
    "lines neither many nor one": ({"lines__many": GONE}, {"/lines"}),
    "lines both many and one": ({"lines__one": True}, {"/lines"}),
    "one is no truth value": ({"lines__one": 1}, {"/lines/one"}),
    "no line id": ({"lines__line_id": GONE}, {"/lines/line_id"}),
    "no amount": ({"lines__amount": GONE}, {"/lines/amount"}),
    "an amount of what": ({"lines__amount_is": GONE}, {"/lines/amount_is"}),
    "an amount of nothing known": ({"lines__amount_is": "box"}, {"/lines/amount_is"}),
    "pieces without a quantity": ({"lines__quantity": GONE}, {"/lines/amount_is"}),
    "pieces of an order by position": (
        {"lines__line_id": "position", "lines__whole": False},
        {"/lines/line_id"},
    ),
    "pieces of an order without an id": (
        {"lines": {**ONE, "whole": False}, "returns": "all"},
        {"/lines/line_id"},
    ),
    "returns of nothing known": ({"returns": "some"}, {"/returns"}),
    "returns by position": ({"returns__line_id": "position"}, {"/returns/line_id"}),
    "returns as lines by position": (
        {"lines__line_id": "position", "returns": "lines"},
        {"/returns"},
    ),
    "returns as lines that are not there": (
        {"kind__words": {"возврат": "returned"}, "lines": GONE, "returns": "lines"},
        {"/returns"},
    ),
    "a sku in returns": ({"returns__sku": "/x"}, {"/returns/sku"}),
    "returned lines of an order of one sum": ({"lines": ONE}, {"/returns/line_id"}),
    "one returned line without an id": (
        {"returns": {"one": True, "amount": "/sum"}},
        {"/returns/line_id"},
    ),
    "a unit that is none": ({"numbers__unit": "dollars"}, {"/numbers/unit"}),
    "a decimal mark that is none": ({"numbers__decimal": ";"}, {"/numbers/decimal"}),
    "a gap that is none": ({"numbers__thousands": ["_"]}, {"/numbers/thousands"}),
    "a gap that is the decimal mark": ({"numbers__thousands": [","]}, {"/numbers/thousands"}),
    "json_numbers is no truth value": ({"numbers__json_numbers": "yes"}, {"/numbers/json_numbers"}),
    "a format that is none": ({"dates__format": "%Q"}, {"/dates/format"}),
    "a format of no kind": ({"dates__format": 7}, {"/dates"}),
    "a zone that is none": ({"dates__zone": "Moscow"}, {"/dates/zone"}),
    "a pattern without a zone": ({"dates__zone": GONE}, {"/dates/zone"}),
    "dates are no object": ({"dates": "iso8601"}, {"/dates"}),
}


@pytest.mark.parametrize("name", WRONG)
def test_every_fault_is_named_by_its_path(name: str) -> None:
    changes, paths = WRONG[name]
    found = faults(changed(MAPPING, **changes))
    assert found.keys() == paths, found
    assert all(found.values())


FORM_WRONG: dict[str, tuple[dict[str, Any], set[str]]] = {
    "events in a form": ({"events": "/orders"}, {"/events"}),
    "a list in a form": ({"lines__many": "/x", "lines__one": GONE}, {"/lines", "/lines/line_id"}),
    "a field in a field": ({"order_id": "/order/id"}, {"/order_id"}),
    "a word in a field": (
        {"kind": {"at": "/a/b", "words": {"x": "created"}}},
        {"/kind/at"},
    ),
    "an amount in a field": ({"lines__amount": "/sum/total"}, {"/lines/amount"}),
}


@pytest.mark.parametrize("name", FORM_WRONG)
def test_a_form_has_fields_and_nothing_within_them(name: str) -> None:
    changes, paths = FORM_WRONG[name]
    assert faults(changed(FORM, **changes)).keys() == paths


def test_all_faults_are_told_at_once() -> None:
    found = faults(changed(MAPPING, at=GONE, extra=1, dates__zone="x", kind__words__новый="y"))
    assert found.keys() == {"/at", "/extra", "/dates/zone", "/kind/words/новый"}


@pytest.mark.parametrize("mapping", [{}, [], None, "x"])
def test_what_is_hardly_a_mapping(mapping: Any) -> None:
    assert faults(mapping)


def test_a_mapping_is_bounded() -> None:
    words = {str(n) + "я" * 90: "ignored" for n in range(MAX_WORDS)}
    large = changed(MAPPING, kind__words=words, reasons={f"б{w}"[:90]: "other" for w in words})
    large["currencies"] = {f"в{word}"[:90]: "RUB" for word in words}
    assert len(json.dumps(large, ensure_ascii=False).encode()) > MAX_MAPPING
    with pytest.raises(MappingInvalid, match="64 KiB"):
        from_mapping(large)


def test_a_mapping_may_say_null_for_nothing() -> None:
    """As a document of PostgreSQL's or a form of the admin's would."""
    found = from_mapping(changed(MAPPING, events=None, reason=None, reasons=None, schemes=None))
    assert len(found.schemes) == 3
