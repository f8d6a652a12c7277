"""An event of very many notices is booked in portions, and what is wrong in it is not forgotten."""

import json
from typing import Any

import pytest

from partners.credentials.rules import Secret
from partners.dialects.service import speak
from tests.world import BONUS, Shop, World, day, rubles
from tracker.kit.database import unit_of_work
from webhooks.dispatch import PORTION, Dispatcher

ORDERS = PORTION + 500


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that reports whole days at once."""
    made = world.shop("batches")
    with unit_of_work(world.tools.engine) as session:
        speak(session, made.id, "awin")
    return made


def send(world: World, shop: Shop, told: Any) -> None:
    answer = world.client().post(
        f"/webhooks/{shop.slug}",
        data=json.dumps(told),
        headers={
            "content-type": "application/json",
            "x-api-key": Secret(1, shop.secret).shown["header_key"],
        },
    )
    assert answer.status_code == 202, answer.text


def ordered(number: int, click: str, currency: str = "RUB") -> dict[str, Any]:
    moment = int(day(1).timestamp())
    order = {"orderReference": f"W{number}", "amount": 10, "currency": currency, "awc": click}
    return {**order, "transactionTime": moment}


def verdicts(first: int, last: int) -> list[dict[str, Any]]:
    return [
        {"action": "approve", "transaction": {"orderRef": f"W{number}"}}
        for number in range(first, last)
    ]


def events(world: World) -> list[Any]:
    return world.query("SELECT * FROM inbox_events ORDER BY id")


def test_a_batch_is_booked_portion_by_portion(world: World, shop: Shop) -> None:
    member = world.member()
    click = world.click(member, shop)
    for first in range(0, ORDERS, 500):
        many = [ordered(number, click) for number in range(first, first + 500)]
        send(world, shop, {"orders": many})
    world.work()
    assert world.balance(member).pending == ORDERS * rubles(1) + BONUS

    send(world, shop, verdicts(0, ORDERS))
    dispatcher = Dispatcher(world.tools.engine, world.programme)
    assert dispatcher.handle_chunk()
    last = events(world)[-1]
    assert (last.state, last.attempts, last.notices_done) == ("waiting", 0, PORTION)
    world.work()
    assert events(world)[-1].state == "done"
    assert world.balance(member).available == ORDERS * rubles(1) + BONUS
    assert world.differences() == []


def test_one_of_many_that_cannot_be_taken_holds_up_no_other(world: World, shop: Shop) -> None:
    """The first of the orders is in dollars; what is wrong with it is remembered to the end."""
    member = world.member()
    click = world.click(member, shop)
    many = [ordered(number, click, "USD" if number == 0 else "RUB") for number in range(600)]
    send(world, shop, {"orders": many})
    send(world, shop, {"orders": [ordered(1_000, click)]})
    world.work()
    first, second = events(world)
    assert (first.state, first.parked_reason) == ("parked", "currency_not_taken")
    assert "USD" in first.parked_detail
    assert second.state == "done"
    assert world.balance(member).pending == 600 * rubles(1) + BONUS
    assert world.differences() == []


def test_a_fault_in_an_early_portion_parks_the_event_at_its_end(world: World, shop: Shop) -> None:
    """Here a verdict's currency is another one; the last portion has nothing wrong with it."""
    told = verdicts(0, PORTION + 10)
    told[3]["transaction"]["currency"] = "USD"
    send(world, shop, told)
    dispatcher = Dispatcher(world.tools.engine, world.programme)
    assert dispatcher.handle_chunk()
    assert (events(world)[0].state, events(world)[0].parked_reason) == ("waiting", None)
    world.work()
    (event,) = events(world)
    assert (event.state, event.parked_reason) == ("parked", "currency_not_taken")
    assert len(world.query("SELECT FROM purchases")) == PORTION + 9
