"""Moments that have not come yet: told by the field, in whatever dialect; not more than a day."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.webhooks.mapping.samples import MAPPING, event
from webhooks.dialects import named
from webhooks.errors import EventInvalid
from webhooks.wire.dialect import LEEWAY
from webhooks.wire.letters import Content, Shape

NOW = datetime(2010, 12, 24, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
UNTIL = NOW + LEEWAY

Told = tuple[str, Shape, bytes, Mapping[str, Any] | None]


def _json(dialect: str, value: Any) -> Told:
    return dialect, Shape.JSON, json.dumps(value).encode(), None


def _form(dialect: str, **fields: Any) -> Told:
    return dialect, Shape.FORM, urlencode(fields).encode(), None


def native(at: datetime, ordered_at: datetime) -> Told:
    line = {"line_id": "1", "quantity": 1, "amount": "1.00"}
    data = {"order_id": "1", "ordered_at": ordered_at.isoformat(), "currency": "RUB"}
    told = {"type": "purchase.created", "timestamp": at.isoformat()}
    return _json("native", told | {"data": data | {"lines": [line]}})


def admitad(at: datetime) -> Told:
    seconds = int(at.timestamp())
    order = {"payment_status": "new", "order_id": "1", "order_sum": "5", "currency": "RUB"}
    return _form("admitad", **order, time=seconds)


def awin(at: datetime) -> Told:
    order = {"orderReference": "1", "amount": 5, "currency": "RUB"}
    return _json("awin", {"orders": [order, order | {"transactionTime": int(at.timestamp())}]})


def awin_push(at: datetime) -> Told:
    pushed = {
        "transactionId": "1",
        "transactionAmount": "5",
        "transactionCurrency": "RUB",
        "transactionDate": at.strftime("%Y-%m-%d %H:%M:%S"),
    }
    return _form("awin", AwinTransactionPush=json.dumps(pushed))


def cj(**moments: datetime) -> Told:
    row = {
        **{"commissionId": "2", "orderId": "1", "actionTrackerId": "3", "enterpriseId": "4"},
        **{"actionStatus": "closed", "saleAmount": 5, "currency": "RUB"},
        **{"eventDate": NOW.isoformat()},
        **{name: moment.isoformat() for name, moment in moments.items()},
    }
    return _json("cj", [row])


def impact(**moments: datetime) -> Told:
    action = {"Id": "1", "State": "PENDING", "Oid": "1", "Amount": "5", "Currency": "RUB"}
    told = {"EventDate": NOW, **moments}
    return _json("impact", action | {name: at.isoformat() for name, at in told.items()})


def mapped(at: datetime) -> Told:
    moscow = (at + timedelta(hours=3)).strftime("%d.%m.%Y %H:%M")
    _, shape, raw, _ = _json("", event("новый", когда=moscow))
    return "mapped", shape, raw, MAPPING


def read(told: Told, until: datetime | None = UNTIL) -> int:
    dialect, shape, raw, mapping = told
    return len(named(dialect, mapping).read(Content(shape, raw), NOW, until=until))


@pytest.mark.parametrize(
    ("at", "told", "field"),
    [
        (UNTIL + _SECOND, lambda at: native(at, NOW), "timestamp"),
        (UNTIL + _SECOND, lambda at: native(NOW, at), "data.ordered_at"),
        (UNTIL + _SECOND, admitad, "time"),
        (UNTIL + _SECOND, awin, "orders[1].transactionTime"),
        (UNTIL + _SECOND, awin_push, "transactionDate"),
        (UNTIL + _SECOND, lambda at: cj(eventDate=at, postingDate=NOW), "[0].eventDate"),
        (UNTIL + _SECOND, lambda at: cj(postingDate=at), "[0].postingDate"),
        (UNTIL + _SECOND, lambda at: cj(lockingDate=at), "[0].lockingDate"),
        (UNTIL + _SECOND, lambda at: impact(EventDate=at, CreationDate=NOW), "EventDate"),
        (UNTIL + _SECOND, lambda at: impact(UpdateDate=at), "UpdateDate"),
        (UNTIL + timedelta(minutes=1), mapped, "/когда"),
    ],
)
def test_what_lies_more_than_a_day_ahead_is_at_fault(at: datetime, told: Any, field: str) -> None:
    with pytest.raises(EventInvalid) as refused:
        read(told(at))
    assert refused.value.fields == {field: "is more than a day ahead of our clock"}
    assert read(told(UNTIL)), "clocks differ"
    assert read(told(at), None), "what was let in is read again as it was"
