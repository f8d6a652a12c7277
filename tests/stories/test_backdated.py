"""What nobody proved is not confirmed before its hold was over since it was received."""

from datetime import datetime
from urllib.parse import urlencode

import pytest

from partners.credentials.rules import Secret
from partners.dialects.service import speak
from tests.world import BONUS, World, day, rubles
from tracker.kit.database import unit_of_work
from webhooks.dispatch import Dispatcher


@pytest.mark.parametrize(
    ("received", "ends"),
    [(day(29), day(59)), (day(1), day(31))],
    ids=["told-late", "told-at-once"],
)
def test_a_backdated_order_waits_from_its_receipt(
    world: World, received: datetime, ends: datetime
) -> None:
    """Ordered on the first day by its own word; the key stood in an address."""
    shop, member = world.shop("address", hold_days=30), world.member()
    click = world.click(member, shop, day(0))
    with unit_of_work(world.tools.engine) as session:
        speak(session, shop.id, "impact")
    said = {
        "Id": "1000.4533.155",
        "State": "PENDING",
        "Amount": "100",
        "Currency": "RUB",
        "Oid": "A-1",
        "SubId1": click,
        "EventDate": day(1).isoformat(),
    }
    key = Secret(1, shop.secret).shown["url_key"]
    answer = world.client().post(f"/webhooks/{shop.slug}?{urlencode({'key': key})}", json=said)
    assert answer.status_code == 202, answer.text
    while Dispatcher(world.tools.engine, world.programme, lambda _: received).handle_chunk():
        pass
    world.end_holds(ends - (day(1) - day(0)))
    assert world.balance(member).pending == rubles(10) + BONUS
    world.end_holds(ends)
    assert world.balance(member).available == rubles(10) + BONUS
    assert world.differences() == []
