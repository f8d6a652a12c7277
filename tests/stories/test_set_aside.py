"""What cannot be booked is set aside with its reason, while everything else flows."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

import webhooks.desk.cli
from tests.world import BONUS, Shop, World, cancelled, created, day, returned, rubles

MAX_ATTEMPTS = 5


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that promises ten percent."""
    return world.shop(cashback=1000)


def parked(world: World) -> list[tuple[str, str]]:
    """What is set aside: the webhook-id and the reason."""
    rows = world.query("SELECT * FROM inbox_events WHERE state = 'parked' ORDER BY id")
    return [(row.webhook_id, row.parked_reason) for row in rows]


def waiting(world: World) -> int:
    return int(world.query("SELECT count(*) FROM inbox_events WHERE state = 'waiting'")[0].count)


def inbox(world: World, *words: str) -> Any:
    """What `tracker inbox …` prints."""
    done = CliRunner().invoke(
        webhooks.desk.cli.commands,
        [*words, "--json"],
        obj=lambda: world.tools,
        catch_exceptions=False,
    )
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def rested(world: World) -> None:
    """The rest after a failure is over."""
    world.change("UPDATE inbox_events SET lease_until = NULL WHERE state = 'waiting'")


def in_dollars(event: dict[str, Any]) -> dict[str, Any]:
    event["data"]["currency"] = "USD"
    return event


def test_the_programme_counts_in_roubles_alone(world: World, shop: Shop) -> None:
    member = world.member()
    click = world.click(member, shop)
    world.tell(shop, in_dollars(created("A-1", click, 1000, at=day(0))), webhook_id="dollars")
    world.tell(shop, returned("A-1", "R-1", {"1": 300}, at=day(1)))
    assert parked(world) == [("dollars", "currency_not_taken")]
    assert world.balance(member).pending == 0

    world.tell(shop, created("A-1", click, 1000, at=day(0)))
    assert world.balance(member).pending == rubles(70) + BONUS
    assert world.differences() == []


@pytest.mark.parametrize("together", [True, False])
def test_a_poisonous_event_is_set_aside_after_a_while_and_harms_no_other(
    world: World, shop: Shop, *, together: bool
) -> None:
    members = world.members(3)
    clicks = world.clicks(members, shop)
    world.change_as_owner(
        "ALTER TABLE purchase_lines ADD CONSTRAINT poison CHECK (amount <> 66600)"
    )
    events = {
        "before": created("A-0", clicks[0], 1000, at=day(0)),
        "poison": created("A-1", clicks[1], 666, at=day(0)),
        "after": created("A-2", clicks[2], 1000, at=day(0)),
    }
    if together:
        world.tell_all(shop, events)
    else:
        for name, event in events.items():
            world.tell(shop, event, webhook_id=name)
    healthy = [world.balance(member).pending for member in members]
    assert healthy == [rubles(100) + BONUS, 0, rubles(100) + BONUS]
    assert waiting(world) == 1
    assert parked(world) == []

    for _ in range(MAX_ATTEMPTS - 2):
        rested(world)
        world.work()
        assert waiting(world) == 1
    rested(world)
    world.work()
    assert parked(world) == [("poison", "keeps_failing")]
    assert waiting(world) == 0
    assert world.differences() == []

    world.change_as_owner("ALTER TABLE purchase_lines DROP CONSTRAINT poison")
    assert inbox(world, "status")["parked_by_reason"] == {"keeps_failing": 1}
    (shown,) = inbox(world, "status", "--parked")
    assert "poison" in shown["detail"]
    assert inbox(world, "retry", str(shown["id"])) == {"retried": 1}
    world.work()
    assert world.balance(members[1]).pending == rubles(66.60) + BONUS
    assert parked(world) == []
    assert world.differences() == []


def test_what_was_set_aside_may_be_tried_again_by_its_reason(world: World, shop: Shop) -> None:
    member = world.member()
    world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(0)))
    world.tell(shop, returned("A-1", "R-1", {"1": 300}, at=day(1)))
    world.tell(shop, returned("A-1", "R-1", {"1": 400}, at=day(1)), webhook_id="differs")
    assert inbox(world, "retry", "--reason", "return_differs") == {"retried": 1}
    assert inbox(world, "retry", "--reason", "unreadable") == {"retried": 0}
    assert waiting(world) == 1
    world.work()
    assert parked(world) == [("differs", "return_differs")]
    assert world.balance(member).pending == rubles(70) + BONUS
    assert world.differences() == []


def test_what_is_handled_is_not_tried_again(world: World, shop: Shop) -> None:
    member = world.member()
    world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(0)))
    (event,) = world.query("SELECT id FROM inbox_events")
    done = CliRunner().invoke(
        webhooks.desk.cli.commands, ["retry", str(event.id)], obj=lambda: world.tools
    )
    assert done.exit_code == 1
    assert "is not parked" in done.output
    world.work()
    assert world.balance(member).pending == rubles(100) + BONUS
    assert world.differences() == []


def test_the_wrong_one_of_two_returns_spoils_nothing_else_of_its_chunk(
    world: World, shop: Shop
) -> None:
    member, other = world.members(2)
    mine, theirs = world.clicks([member, other], shop)
    world.tell_all(
        shop,
        {
            "created": created("A-1", mine, 1000, at=day(0)),
            "return": returned("A-1", "R-1", {"1": 300}, at=day(1)),
            "differs": returned("A-1", "R-1", {"1": 400}, at=day(1)),
            "another": created("A-2", theirs, 1000, at=day(0)),
            "cancelled": cancelled("A-3", at=day(1)),
        },
    )
    assert parked(world) == [("differs", "return_differs")]
    assert world.balance(member).pending == rubles(70) + BONUS
    assert world.balance(other).pending == rubles(100) + BONUS
    assert world.differences() == []
