"""One sale that a shop tells by two feeds of one dialect, under numbers that have nothing alike."""

import json
from datetime import UTC
from typing import Any
from urllib.parse import urlencode

from partners.credentials.rules import Secret
from partners.dialects.service import speak
from tests.world import BONUS, Shop, World, day, rubles
from tracker.kit.database import unit_of_work


def send(world: World, shop: Shop, raw: bytes, media: str) -> None:
    key = Secret(1, shop.secret).shown["header_key"]
    answer = world.client().post(
        f"/webhooks/{shop.slug}", data=raw, headers={"content-type": media, "x-api-key": key}
    )
    assert answer.status_code == 202, answer.text
    world.work()


def test_an_awin_order_and_its_push_pay_once(world: World) -> None:
    shop, member = world.shop("twice"), world.member()
    click = world.click(member, shop)
    with unit_of_work(world.tools.engine) as session:
        speak(session, shop.id, "awin")
    moment = day(1)
    order: dict[str, Any] = {
        "orderReference": "W-1",
        "amount": 100,
        "currency": "RUB",
        "awc": click,
        "transactionTime": int(moment.timestamp()),
    }
    send(world, shop, json.dumps({"orders": [order]}).encode(), "application/json")
    push = {
        "transactionId": "105956531",
        "transactionDate": f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        "transactionCurrency": "RUB",
        "transactionAmount": "100",
        "clickRef": click,
        "commissionStatus": "approved",
    }
    form = urlencode({"AwinTransactionPush": json.dumps(push)})
    send(world, shop, form.encode(), "application/x-www-form-urlencoded")

    rows = world.query("SELECT feed, status, suspect_of FROM purchases ORDER BY id")
    assert [(row.feed, row.status) for row in rows] == [
        ("awin", "pending"),
        ("awin/push", "awaiting_staff"),
    ]
    assert rows[1].suspect_of is not None
    assert world.balance(member).available == 0
    assert world.balance(member).pending == 2 * rubles(10) + BONUS
    assert world.differences() == []
