"""The commands that print figures say what has happened."""

import json
from typing import Any

import click
import pytest
from click.testing import CliRunner

import wsgi
from tests.world import World, created, day, returned, rubles


def printed(world: World, *words: str) -> Any:
    """What a command prints as JSON, on the world's deployment."""
    command: click.Command = wsgi.cli
    arguments = list(words)
    while isinstance(command, click.Group):
        command = command.commands[arguments.pop(0)]
    result = CliRunner().invoke(command, [*arguments, "--json"], obj=lambda: world.tools)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


@pytest.fixture
def told(world: World) -> World:
    """A purchase of a member's, one of nobody's, a return of none; and an event that waits."""
    shop, member = world.shop(cashback=1000), world.member()
    world.member()
    world.tell(shop, created("A-1", world.click(member, shop), 1500, at=day(1)))
    world.tell(shop, created("A-2", "clk_of_nobody", 100, at=day(1)))
    world.tell(shop, returned("A-3", "R-1", {"1": 10}, at=day(1)))
    assert world.post(shop, created("A-4", None, 100, at=day(1))).status_code == 202
    return world


def test_purchases_are_counted_by_status(told: World) -> None:
    assert printed(told, "purchases", "totals") == {
        "unmatched": 1,
        "unattributed": 1,
        "pending": 1,
        "awaiting_staff": 0,
        "confirmed": 0,
        "rejected": 0,
        "unmatched_returns": 1,
    }


def test_the_inbox_is_counted_by_state(told: World) -> None:
    status = printed(told, "inbox", "status")
    assert (status["waiting"], status["done"], status["parked"]) == (1, 3, 0)
    assert status["oldest_waiting_seconds"] > 0
    assert (status["parked_by_reason"], status["conflicts"]) == ({}, 0)


def test_members_are_counted(told: World) -> None:
    assert printed(told, "members", "count") == {"members": 2}


def test_the_ledger_is_summed_by_kind_and_account(told: World) -> None:
    tracked = printed(told, "ledger", "totals")["tracked"]
    assert tracked["member_pending"] == -rubles(150)
    assert sum(tracked.values()) == 0


def test_workers_can_be_asked_to_look_at_the_inbox(told: World) -> None:
    assert printed(told, "inbox", "nudge") == {"nudged": True}


def test_readiness_tells_what_waits_and_what_is_parked(told: World) -> None:
    answer = told.client().get("/health/ready").get_json()
    assert (answer["status"], answer["inbox_waiting"], answer["inbox_parked"]) == ("ready", 1, 0)
