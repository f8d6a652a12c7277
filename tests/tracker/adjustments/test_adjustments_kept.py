"""Adjustments in lists, in the audit, in the export of personal data, and in the proof."""

from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from tests.cabinets import adds_up
from tests.clients import Cabinet
from tests.stories.months import earns
from tests.tracker.adjustments.staff import DESK, Pair, hired, proposed, told, wish
from tests.world import Shop, World, day, returned
from tracker.kit.database import unit_of_work
from tracker.kit.money import parse_rubles
from tracker.privacy.export import export
from tracker.staff.rules import Role


def test_it_is_among_all_that_is_kept_of_a_member(world: World, member: int, pair: Pair) -> None:
    pair.adjust(member)
    with unit_of_work(world.tools.engine) as session:
        found = export(session, world.tools.settings.keys, member, lambda *_: {})
    (one,) = found["adjustments"]
    assert (one["kind"], one["cause"], one["amount"]) == ("credit", "missing_cashback", "50.00")


def test_the_list_is_filtered_and_paged(world: World, pair: Pair) -> None:
    first, second = world.members(2)
    pair.adjust(first)
    proposed(pair.olga, second)
    proposed(pair.olga, second, "goodwill")
    vera = hired(world, "vera", Role.VIEWER)

    def ids(**asked: Any) -> list[int]:
        found = vera.get(DESK, query_string=asked).get_json()
        return [one["id"] for one in found["items"]]

    assert ids() == [1, 2, 3]
    assert ids(state="proposed") == [2, 3]
    assert ids(kind="goodwill") == [3]
    assert ids(member_id=first) == [1]
    page = vera.get(f"{DESK}?limit=2").get_json()
    assert ids(cursor=page["next"]) == [3]
    assert told(vera.get(f"{DESK}/99")) == (404, "adjustment_not_found")
    assert told(vera.post(DESK, json=wish(first))) == (403, "role_too_low")


def test_every_step_is_in_the_audit(world: World, member: int, pair: Pair) -> None:
    pair.adjust(member)
    rows = world.query(
        "SELECT who, action, subject, reason, after FROM audit_entries"
        " WHERE action LIKE 'adjustment.%' ORDER BY id"
    )
    subject = f"member:{member}"
    assert [tuple(row)[:4] for row in rows] == [
        ("olga", "adjustment.credit.propose", subject, "ticket 17"),
        ("anna", "adjustment.credit.approve", subject, None),
    ]
    assert all(row.after["payload"]["amount"] == 5_000 for row in rows)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE adjustments SET amount = amount + 1",
        "UPDATE adjustments SET cause = 'other'",
        "UPDATE adjustments SET effective_at = effective_at - interval '1 day'",
        "DELETE FROM adjustments",
        "UPDATE proposals SET payload = jsonb_set(payload, '{amount}', '1')",
        "UPDATE proposals SET state = 'rejected'",
        "UPDATE ledger_entries SET account = 'write_offs' WHERE account = 'adjustments'",
    ],
)
def test_the_proof_sees_what_was_changed(
    world: World, member: int, pair: Pair, statement: str
) -> None:
    pair.adjust(member)
    with pytest.raises(DBAPIError):
        world.change(statement)
    assert world.differences() == []
    table = statement.replace("DELETE FROM", "UPDATE").split()[1]
    off, on = (f"ALTER TABLE {table} {word} TRIGGER USER" for word in ("DISABLE", "ENABLE"))
    for sql in (off, statement, on):
        world.change_as_owner(sql)
    assert any(one.what.startswith("adjustment ") for one in world.differences())


def test_money_is_read_and_told_as_elsewhere(member: int, pair: Pair) -> None:
    assert parse_rubles(proposed(pair.olga, member, amount="7.5")["amount"]) == 750


def test_a_return_after_a_credit_is_of_its_own(
    world: World, shop: Shop, member: int, pair: Pair
) -> None:
    earns(world, shop, member, 1000, on=1)
    pair.adjust(member)
    (order,) = world.query("SELECT order_id FROM purchases")
    before = world.balance(member).available
    world.tell(shop, returned(order.order_id, "R-1", None, at=day(50)))
    assert world.balance(member).available < before
    assert world.differences() == []
    assert isinstance(world.signed_in(member), Cabinet)
    adds_up(world, member, world.signed_in(member))
