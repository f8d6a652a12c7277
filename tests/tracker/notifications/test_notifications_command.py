"""`tracker notifications status`, and what monitoring sees."""

import json
from typing import Any

from click.testing import CliRunner

import wsgi
from tests.tracker.notifications.outbox import NIGHT, Provider, code, deliver, paid, rows, tell
from tests.world import World
from tracker.notifications.ports import Outcome

STRANGER = "+79001234567"


def status(world: World) -> dict[str, Any]:
    command = wsgi.cli.commands["notifications"]
    said = CliRunner().invoke(command, ["status", "--json"], obj=lambda: world.tools)
    assert said.exit_code == 0, said.output
    found: dict[str, Any] = json.loads(said.output)
    return found


def gauge(world: World, name: str) -> float:
    lines = world.client().get("/metrics").text.splitlines()
    (value,) = [line.split()[1] for line in lines if line.startswith(f"tracker_{name} ")]
    return float(value)


def test_it_tells_what_waits_what_was_sent_and_why_some_was_not(world: World) -> None:
    refused, late = world.members(2)
    tell(world, paid(refused, "payout:1"))
    deliver(world, Provider(lambda _: Outcome.REFUSED))
    code(world, phone=world.phone(late), minutes=-1, key="code:1")
    code(world, phone=STRANGER, key="code:2")
    code(world, phone=world.phone(late), key="code:3")
    tell(world, paid(late, "payout:2"))
    deliver(world, Provider(), NIGHT)
    code(world, phone=world.phone(late), key="code:4")
    found = status(world)
    ages = [found.pop(name) for name in ("oldest_urgent_seconds", "oldest_other_seconds")]
    assert all(0 <= age < 60 for age in ages)
    assert found == {
        "waiting": {"payout_paid": 1, "sign_in_code": 1},
        "sending": {},
        "failed": {"payout_paid": 1},
        "expired": {"sign_in_code": 1},
        "unknown": {},
        "sent": {"sign_in_code": 1},
        "void": {"sign_in_code": 1},
        "waiting_because": {},
        "reasons_of_a_day": {"expired": 1, "timeout": 1},
    }


def test_it_tells_why_what_was_tried_still_waits(world: World) -> None:
    code(world, phone=world.phone(world.member()))
    deliver(world, Provider(lambda _: Outcome.TEMPORARY))
    found = status(world)
    assert found["waiting"] == {"sign_in_code": 1}
    assert found["waiting_because"] == {"timeout": 1}


def test_nobodys_number_and_no_code_is_shown(world: World) -> None:
    phone = world.phone(world.member())
    code(world, phone=phone)
    command = wsgi.cli.commands["notifications"]
    said = CliRunner().invoke(command, ["status"], obj=lambda: world.tools).output
    assert phone not in said
    assert "271828" not in said


def test_what_monitoring_sees(world: World) -> None:
    assert gauge(world, "notifications_oldest_urgent_seconds") == 0
    member = world.member()
    tell(world, paid(member))
    code(world, phone=world.phone(member))
    world.change_as_owner("UPDATE notifications SET queued_at = queued_at - interval '90 s'")
    assert gauge(world, "notifications_waiting") == 2
    assert 90 <= gauge(world, "notifications_oldest_urgent_seconds") < 150
    deliver(world, Provider(lambda _: Outcome.REFUSED))
    assert gauge(world, "notifications_waiting") == 0
    assert gauge(world, "notifications_failed") == 2
    assert {row.state for row in rows(world)} == {"failed"}
