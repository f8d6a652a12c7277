"""The same bytes twice: by a scheme that proves who wrote them, and by one that does not."""

import pytest
from werkzeug.test import TestResponse

from partners.credentials.rules import Secret
from partners.dialects.service import speak
from tests.world import BONUS, Shop, World, day, rubles
from tracker.kit.database import unit_of_work

ORDER = {
    "Id": "1000.4533.155",
    "State": "PENDING",
    "Amount": "100",
    "Currency": "RUB",
    "Oid": "A-1",
    "EventDate": day(1).isoformat(),
}
APPROVAL = ORDER | {"State": "APPROVED", "UpdateDate": day(2).isoformat()}


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that speaks the dialect of impact.com, which has no ids of its own."""
    made = world.shop()
    with unit_of_work(world.tools.engine) as session:
        speak(session, made.id, "impact")
    return made


def by_address(world: World, shop: Shop, said: dict[str, str]) -> TestResponse:
    key = Secret(1, shop.secret).shown["url_key"]
    return sent(world, shop, said, {}, f"?key={key}")


def by_header(world: World, shop: Shop, said: dict[str, str]) -> TestResponse:
    return sent(world, shop, said, {"x-api-key": Secret(1, shop.secret).shown["header_key"]})


def sent(
    world: World, shop: Shop, said: dict[str, str], headers: dict[str, str], query: str = ""
) -> TestResponse:
    response = world.client().post(f"/webhooks/{shop.slug}{query}", json=said, headers=headers)
    world.work()
    return response


@pytest.mark.parametrize("is_unproved_first", [True, False], ids=["first", "last"])
def test_an_unproved_copy_does_not_swallow_the_proved_event(
    world: World, shop: Shop, is_unproved_first: bool
) -> None:
    member = world.member()
    click = {"SubId1": world.click(member, shop)}
    by_header(world, shop, ORDER | click)
    ways = [by_address, by_header] if is_unproved_first else [by_header, by_address]
    answers = [way(world, shop, APPROVAL | click) for way in ways]
    assert [one.get_json()["status"] for one in answers] == ["accepted"] * 2
    assert [one.status_code for one in answers] == [202, 202]
    assert world.balance(member).available == rubles(10) + BONUS
    again = [way(world, shop, APPROVAL | click) for way in ways]
    assert [one.get_json() for one in again] == [
        one.get_json() | {"status": "duplicate"} for one in answers
    ]
    assert world.differences() == []


def test_copies_of_an_order_are_one_order(world: World, shop: Shop) -> None:
    member = world.member()
    order = ORDER | {"SubId1": world.click(member, shop)}
    unproved, proved = by_address(world, shop, order), by_header(world, shop, order)
    assert unproved.get_json()["id"] == f"unproved:{proved.get_json()['id']}"
    assert world.balance(member).pending == rubles(10) + BONUS
    (kept,) = world.query("SELECT stated_trusted FROM purchases")
    assert kept.stated_trusted
    assert world.differences() == []
