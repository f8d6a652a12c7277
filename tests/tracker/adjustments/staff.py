"""Staff who adjust members' money."""

from typing import Any

from werkzeug.test import TestResponse

from tests.clients import Cabinet
from tests.world import World
from tracker.kit.database import unit_of_work
from tracker.staff.rules import Role
from tracker.staff.service import hire

DESK = "/admin/api/v1/adjustments"


def hired(world: World, login: str, role: Role) -> Cabinet:
    """A client of one of the staff."""
    with unit_of_work(world.tools.engine) as session:
        return Cabinet(world.app, hire(session, world.tools.settings.keys, login, role))


def wish(member: int, kind: str = "credit", amount: str = "50.00", **more: Any) -> dict[str, Any]:
    """What is to be done to a member's money."""
    causes = {
        "credit": "missing_cashback",
        "debit": "credited_in_error",
        "goodwill": "apology",
        "write_off": "our_mistake",
    }
    said = {"kind": kind, "member_id": member, "amount": amount, "cause": causes.get(kind)}
    return said | {"note": "ticket 17"} | more


def proposed(by: Cabinet, member: int, *args: Any, **more: Any) -> dict[str, Any]:
    """Somebody proposes it."""
    response = by.post(DESK, json=wish(member, *args, **more))
    assert response.status_code == 201, response.get_json()
    found: dict[str, Any] = response.get_json()
    return found


def approved(by: Cabinet, one: dict[str, Any], **more: Any) -> TestResponse:
    """Somebody approves it."""
    body = {"sha256": one["payload_sha256"], **more}
    return by.post(f"{DESK}/{one['id']}/approve", json=body)


def told(response: TestResponse) -> tuple[int, str]:
    """A refusal's status and code."""
    return response.status_code, response.get_json()["code"]


def booked(world: World) -> list[tuple[Any, ...]]:
    """What the ledger has of adjustments."""
    return [
        tuple(row)
        for row in world.query(
            "SELECT reference, kind, account, owner_id, amount FROM ledger_transactions"
            " JOIN ledger_entries ON transaction_id = id WHERE kind LIKE 'adjustment%'"
            " ORDER BY id, leg"
        )
    ]


class Pair:
    """One who proposes and one who approves."""

    def __init__(self, world: World) -> None:
        self.olga = hired(world, "olga", Role.OPERATOR)
        self.anna = hired(world, "anna", Role.APPROVER)

    def adjust(self, member: int, *args: Any, **more: Any) -> dict[str, Any]:
        """Propose and approve."""
        response = approved(self.anna, proposed(self.olga, member, *args, **more))
        assert response.status_code == 200, response.get_json()
        found: dict[str, Any] = response.get_json()
        return found
