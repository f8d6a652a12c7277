"""What the networks' dialects refuse, and where they say the fault is."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tracker.kit.errors import Unreadable
from webhooks.dialects import named
from webhooks.errors import EventInvalid
from webhooks.wire.letters import Content, Shape

NOW = datetime(2010, 12, 24, tzinfo=UTC)
CART = b"order_id=1&price=1&currency_code=RUB"
TOLD = b"payment_status=new&order_id=1&order_sum=5&currency=RUB"
ORDER = {"orderReference": "1", "amount": 5, "currency": "RUB"}
ROW = {
    "commissionId": "2",
    "orderId": "1",
    "actionTrackerId": "3",
    "enterpriseId": "4",
    "actionStatus": "new",
    "saleAmount": 5,
    "currency": "RUB",
    "eventDate": "2010-12-01T00:00:00Z",
}
BACK = ROW | {"saleAmount": -5, "original": False, "originalActionId": "9"}
ACTION = {
    "Id": "1",
    "State": "PENDING",
    "Oid": "1",
    "Amount": "5",
    "Currency": "RUB",
    "EventDate": "2010-12-01T00:00:00Z",
}
UPDATE = {"Id": "2", "ActionId": "1", "Oid": "1", "UpdateDate": "2010-12-02T00:00:00Z"}


def faults(dialect: str, shape: Shape, raw: bytes) -> set[str]:
    with pytest.raises(EventInvalid) as refused:
        named(dialect).read(Content(shape, raw), NOW)
    assert all(refused.value.fields.values())
    return set(refused.value.fields)


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        (b"", {"order_id", "price", "currency_code"}),
        (CART + b"&payment_type=lead", {"payment_type"}),
        (CART.replace(b"order_id=1", b"order_id=" + b"1" * 101), {"order_id"}),
        (CART.replace(b"order_id=1", b"order_id=+1"), {"order_id"}),
        (CART.replace(b"price=1", b"price=1.005"), {"price"}),
        (CART.replace(b"price=1", b"price=-1"), {"price"}),
        (CART.replace(b"price=1", b"price=1000000000000") + b"&quantity=2", {"price"}),
        (CART + b"&quantity=0", {"quantity"}),
        (CART + b"&quantity=1.5", {"quantity"}),
        (CART.replace(b"RUB", b"rub"), {"currency_code"}),
        (CART + b"&uid=%E2%80%AEx", {"uid"}),
        (CART + b"&position_id=" + b"1" * 201, {"position_id"}),
        (TOLD + b"&type=lead", {"type"}),
        (TOLD.replace(b"new", b"paid"), {"payment_status"}),
        (TOLD.replace(b"order_sum=5", b"order_sum="), {"order_sum"}),
        (TOLD.replace(b"order_id=1", b"admitad_id=1"), {"order_id"}),
        (TOLD + b"&time=yesterday", {"time"}),
        (b"status=paid", {"status", "order_id"}),
        (b"status=approved&order_id=1&amount=x", {"amount"}),
    ],
)
def test_admitad_forms(raw: bytes, fields: set[str]) -> None:
    assert faults("admitad", Shape.FORM, raw) == fields


def test_admitad_documents() -> None:
    raw = b"<Payments><Payment><Status>3</Status></Payment><Payment><OrderID>1</OrderID></Payment>"
    assert faults("admitad", Shape.XML, raw + b"</Payments>") == {
        "Payment[0].OrderID",
        "Payment[0].Status",
        "Payment[1].Status",
    }
    assert faults("admitad", Shape.XML, b"<Payments/>") == {"Payments"}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"orders"}),
        ({"orders": []}, {"orders"}),
        ({"orders": [ORDER] * 1001}, {"orders"}),
        ({"orders": [1, ORDER | {"currency": None}]}, {"orders[0]", "orders[1].currency"}),
        ({"orders": [ORDER | {"amount": 5.005}]}, {"orders[0].amount"}),
        (
            {"orders": [ORDER | {"commissionGroups": [{"code": "A", "amount": 4}]}]},
            {"orders[0].amount"},
        ),
        (
            {"orders": [ORDER | {"commissionGroups": [{"code": "A", "amount": 2.5}] * 2}]},
            {"orders[0].commissionGroups"},
        ),
        ([], {"body"}),
        ([{"action": "approve", "transaction": {}}] * 40_001, {"body"}),
        (
            [
                {"action": "approve", "transaction": {"orderRef": "1"}},
                {"action": "approve", "transaction": {"transactionId": 7}},
            ],
            {"[1].transaction.orderRef"},
        ),
        (
            [{"action": "pay", "transaction": {"orderRef": "1"}}, {"action": "approve"}],
            {"[0].action", "[1].transaction", "[1].transaction.orderRef"},
        ),
        (
            {"action": "amend", "transaction": {"orderRef": "1"}},
            {"approve", "transaction.saleAmount"},
        ),
    ],
    ids=range(12),
)
def test_awin_bodies(body: Any, fields: set[str]) -> None:
    found = faults("awin", Shape.JSON, json.dumps(body).encode())
    assert fields <= found
    assert all(any(one.startswith(name) for name in fields) for one in found)


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        (b"other=1", {"AwinTransactionPush"}),
        (
            b"AwinTransactionPush={}",
            {"orderRef", "transactionAmount", "transactionCurrency", "transactionDate"},
        ),
    ],
)
def test_awin_notifications(raw: bytes, fields: set[str]) -> None:
    assert faults("awin", Shape.FORM, raw) == fields


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ([], {"body"}),
        ({}, {"records"}),
        ({"records": []}, {"records"}),
        (
            {"data": {"publisherCommissions": {"records": []}}},
            {"data.publisherCommissions.records"},
        ),
        ({"data": {"a": {}, "b": {}}}, {"records"}),
        ([ROW | {"orderId": ""}], {"[0].orderId"}),
        ([ROW | {"actionTrackerId": "3:4"}], {"[0].actionTrackerId"}),
        ([ROW | {"orderId": "1" * 198}], {"[0].orderId"}),
        ([ROW | {"actionStatus": "paid"}], {"[0].actionStatus"}),
        ([ROW | {"currency": None}], {"[0].currency"}),
        ([ROW | {"eventDate": "2010-12-01"}], {"[0].eventDate"}),
        ([BACK | {"originalActionId": None}], {"[0].originalActionId"}),
        ([BACK | {"original": True}], {"[0].original"}),
        ([BACK | {"original": "maybe"}], {"[0].original"}),
        ([BACK | {"saleAmount": "-5.001"}], {"[0].saleAmount"}),
    ],
)
def test_cj_rows(body: Any, fields: set[str]) -> None:
    assert faults("cj", Shape.JSON, json.dumps(body).encode()) == fields


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ([], {"body"}),
        ({"Actions": []}, {"Actions"}),
        (ACTION | {"State": "PAID"}, {"State"}),
        (ACTION | {"Amount": "-5"}, {"Amount"}),
        (ACTION | {"Oid": None}, {"Oid"}),
        (ACTION | {"EventDate": "2010-12-01T00:00:00"}, {"EventDate"}),
        (ACTION | {"Currency": ""}, {"Currency"}),
        (UPDATE, {"Amount"}),
        (UPDATE | {"DeltaPayout": "-1.00", "Reason": "ORDER_UPDATE"}, {"Amount"}),
        (UPDATE | {"DeltaAmount": "5"}, {"Amount"}),
        (UPDATE | {"Id": None, "DeltaAmount": "-5"}, {"Id"}),
        (UPDATE | {"Oid": None, "DeltaAmount": "-5"}, {"Oid"}),
        (UPDATE | {"Amount": 5, "UpdateDate": None}, {"UpdateDate", "EventDate", "Currency"}),
    ],
)
def test_impact_bodies(body: Any, fields: set[str]) -> None:
    found = faults("impact", Shape.JSON, json.dumps(body).encode())
    assert {one.replace("ActionDate", "EventDate") for one in found} == fields


@pytest.mark.parametrize("dialect", ["awin", "cj", "impact"])
@pytest.mark.parametrize("raw", [b"", b"[" * 4096, b'{"a":1,"a":2}', b"[NaN]", b"\xef\xbb\xbf{}"])
def test_json_that_is_not_strict(dialect: str, raw: bytes) -> None:
    with pytest.raises(Unreadable):
        named(dialect).read(Content(Shape.JSON, raw), NOW)


@pytest.mark.parametrize("dialect", ["admitad", "awin"])
@pytest.mark.parametrize("raw", [b"a=1&a=2", b"a=%", b"a=%ff", b"a=%00"])
def test_forms_that_are_not_plain(dialect: str, raw: bytes) -> None:
    with pytest.raises(Unreadable):
        named(dialect).read(Content(Shape.FORM, raw), NOW)


def test_json_in_a_form_is_as_strict() -> None:
    raw = b"AwinTransactionPush=%7B%22a%22%3A1%2C%22a%22%3A2%7D"
    with pytest.raises(Unreadable, match="stands twice"):
        named("awin").read(Content(Shape.FORM, raw), NOW)
