"""How a shop writes its statements: what is wrong with a format is told key by key."""

import copy
from decimal import Decimal
from typing import Any

import pytest

from partners.reconciliation.defaults import FORMATS
from partners.reconciliation.formats import FormatInvalid, Shape, Tolerance, check
from tests.partners.reconciliation.sheets import FORMAT, form


def test_a_good_format_is_read() -> None:
    found = check(form(tolerance={"amount": "1.50", "percent": "0.25"}, rows="lines"))
    assert found.shape is Shape.CSV
    assert found.delimiter == ";"
    assert found.statuses["выполнен"] == "confirmed"
    assert found.totals == {"итого"}
    assert found.by_lines
    assert found.tolerance == Tolerance(150, 25)


@pytest.mark.parametrize("dialect", sorted(FORMATS))
def test_the_usual_ways_of_dialects_are_formats(dialect: str) -> None:
    check(copy.deepcopy(dict(FORMATS[dialect])))


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"file": None}, "/file"),
        ({"file": {"kind": "pdf"}}, "/file/kind"),
        ({"file": {"kind": "csv", "encoding": "utf-7"}}, "/file/encoding"),
        ({"file": {"kind": "csv", "delimiter": "a"}}, "/file/delimiter"),
        ({"file": {"kind": "xlsx", "delimiter": ";"}}, "/file/delimiter"),
        ({"file": {"kind": "csv", "header": 0}}, "/file/header"),
        ({"file": {"kind": "csv", "header": True}}, "/file/header"),
        ({"columns": {"amount": "Sum"}}, "/columns/order_id"),
        ({"columns": {"order_id": "A", "amount": "A", "status": "S"}}, "/columns/order_id"),
        ({"columns": {"order_id": "A", "amount": " B", "status": "S"}}, "/columns/amount"),
        ({"columns": {"order_id": "A", "amount": "B"}}, "/statuses"),
        ({"columns": {"order_id": "A", "amount": "B", "status": "C", "vat": "D"}}, "/columns/vat"),
        ({"statuses": {"new": "perhaps"}}, "/statuses/new"),
        ({"statuses": {"new": "open", "NEW": "open"}}, "/statuses"),
        ({"statuses": None}, "/statuses"),
        ({"numbers": {"unit": "dollars"}}, "/numbers/unit"),
        ({"numbers": {"unit": "kopecks", "decimal": ","}}, "/numbers"),
        ({"dates": {"format": "%d.%m.%Y"}}, "/dates/zone"),
        ({"rows": "pages"}, "/rows"),
        ({"tolerance": {"amount": 1}}, "/tolerance/amount"),
        ({"tolerance": {"amount": "100.01"}}, "/tolerance/amount"),
        ({"tolerance": {"percent": "-1"}}, "/tolerance/percent"),
        ({"totals": "Total"}, "/totals"),
        ({"currency": ""}, "/currency"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_a_fault_stands_under_its_key(changes: dict[str, Any], at: str) -> None:
    with pytest.raises(FormatInvalid) as caught:
        check(form(**changes))
    assert at in caught.value.fields, caught.value.fields


@pytest.mark.parametrize("told", [None, [], "csv", 7, Decimal("1.5"), {"file": Decimal("1.5")}])
def test_a_format_is_an_object(told: Any) -> None:
    with pytest.raises(FormatInvalid):
        check(told)


def test_a_format_of_many_kilobytes_is_not_looked_at() -> None:
    with pytest.raises(FormatInvalid):
        check(dict(FORMAT) | {"totals": ["x" * 40_000]})
