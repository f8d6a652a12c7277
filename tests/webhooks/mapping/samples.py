"""A shop of its own make: what it sends, and the mapping by which it is read."""

import copy
import json
from datetime import UTC, datetime
from typing import Any

from partners.intake.contracts import PurchaseNotice
from webhooks.adapters.mapped import from_mapping
from webhooks.wire.letters import Content, Shape

RECEIVED = datetime(2010, 12, 20, tzinfo=UTC)
GONE = object()
"""In `changed`: the key is not there."""

MAPPING: dict[str, Any] = {
    "shape": "json",
    "schemes": ["standard-webhooks", "header-key"],
    "kind": {
        "at": "/статус",
        "words": {
            "новый": "created",
            "изменён": "updated",
            "доставлен": ["updated", "confirmed"],
            "возврат": "returned",
            "отмена": "cancelled",
            "собирается": "ignored",
        },
    },
    "order_id": "/заказ/номер",
    "click_id": "/заказ/метка",
    "at": "/когда",
    "ordered_at": "/заказ/создан",
    "currency": "/заказ/валюта",
    "currencies": {"руб.": "RUB"},
    "return_id": "/возврат/номер",
    "reason": "/причина",
    "reasons": {"брак": "returned_goods", "нет на складе": "out_of_stock"},
    "confirmed_amount": "/итого",
    "lines": {
        "many": "/заказ/товары",
        "line_id": "/код",
        "quantity": "/шт",
        "amount": "/цена",
        "amount_is": "piece",
        "sku": "/артикул",
        "category": "/раздел",
    },
    "returns": {
        "many": "/возврат/товары",
        "line_id": "/код",
        "quantity": "/шт",
        "amount": "/сумма",
        "amount_is": "line",
    },
    "numbers": {"unit": "rubles", "decimal": ",", "thousands": [" ", "\u00a0"]},
    "dates": {"format": "%d.%m.%Y %H:%M", "zone": "Europe/Moscow"},
}
"""Every key but ``events``, with decimal commas and Russian words."""

ORDER: dict[str, Any] = {
    "номер": 1001,
    "метка": "clk_1",
    "создан": "01.12.2010 08:26",
    "валюта": "руб.",
    "товары": [
        {"код": "A", "шт": "2", "цена": "765,00", "артикул": 77, "раздел": "книги"},
        {"код": "B", "шт": 1, "цена": "1 099,90"},
    ],
}

FORM: dict[str, Any] = {
    "shape": "form",
    "kind": {"always": "created"},
    "order_id": "/order",
    "click_id": "/sub",
    "at": "received",
    "ordered_at": "/time",
    "currency": "RUB",
    "lines": {"one": True, "amount": "/sum"},
    "numbers": {"unit": "kopecks"},
    "dates": {"format": "unix"},
}
"""The least that a shop can say: one order, one sum, in a form."""


def event(word: str, when: str = "01.12.2010 08:26", **more: Any) -> dict[str, Any]:
    """What the shop sends."""
    return {"статус": word, "когда": when, "заказ": copy.deepcopy(ORDER), **more}


def given_back(*items: tuple[str, str]) -> dict[str, Any]:
    """The part of an event about what came back: codes with sums."""
    goods = [{"код": code, "шт": 1, "сумма": amount} for code, amount in items]
    return {"возврат": {"номер": "R-1", "товары": goods}}


def changed(value: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy with other values under dotted keys, written with __ for the dot."""
    made = copy.deepcopy(value)
    for path, new in changes.items():
        *above, last = path.split("__")
        inner = made
        for name in above:
            inner = inner[name]
        if new is GONE:
            inner.pop(last, None)
        else:
            inner[last] = new
    return made


def told(body: Any, mapping: dict[str, Any] = MAPPING) -> tuple[PurchaseNotice, ...]:
    """The notices in an event."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    shape = Shape(mapping.get("shape", "json"))
    return tuple(from_mapping(mapping).read(Content(shape, raw), RECEIVED))
