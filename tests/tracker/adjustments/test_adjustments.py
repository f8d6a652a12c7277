"""What staff give members, take from them and forgive them: by two people, booked to the kopeck."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from tests.cabinets import adds_up
from tests.stories.months import earns
from tests.tracker.adjustments.staff import (
    DESK,
    Pair,
    approved,
    booked,
    hired,
    proposed,
    told,
    wish,
)
from tests.world import World, day
from tracker.staff.rules import Role

NOW = day(60)


@pytest.mark.parametrize(
    ("kind", "against"), [("credit", "adjustments"), ("goodwill", "goodwill_expense")]
)
def test_what_is_given_is_available(
    world: World, member: int, pair: Pair, kind: str, against: str
) -> None:
    one = proposed(pair.olga, member, kind)
    assert (one["state"], one["period"], booked(world)) == ("proposed", None, [])
    done = approved(pair.anna, one).get_json()
    assert (done["state"], done["decided_by"], done["period"]) == ("approved", "anna", "2011-01")
    said = (f"adjustment:{one['id']}:{kind}", f"adjustment_{kind}")
    assert booked(world) == [
        (*said, against, 0, 5_000),
        (*said, "member_available", member, -5_000),
    ]
    assert world.balance(member).available == 5_000
    assert world.differences() == []


def test_what_is_taken_may_leave_a_debt_and_a_debt_may_be_given_up(
    world: World, member: int, pair: Pair
) -> None:
    pair.adjust(member, "credit", "30.00")
    pair.adjust(member, "debit", "100.00")
    assert world.balance(member).available == -7_000
    refused = pair.olga.post(DESK, json=wish(member, "write_off", "70.01"))
    assert told(refused) == (409, "debt_is_less")
    assert refused.get_json()["detail"] == f"the debt of member {member} is 70.00 RUB"
    pair.adjust(member, "write_off", "20.00")
    pair.adjust(member, "write_off", "50.00", note="the rest")
    assert world.balance(member).available == 0
    assert world.differences() == []
    lines = adds_up(world, member, world.signed_in(member))
    assert sorted((one["kind"], one["status"], one["cause"], one["amount"]) for one in lines) == [
        ("adjustment", "accrued", "missing_cashback", "30.00"),
        ("adjustment", "accrued", "our_mistake", "20.00"),
        ("adjustment", "accrued", "our_mistake", "50.00"),
        ("adjustment", "written_off", "credited_in_error", "100.00"),
    ]


def test_a_debit_takes_from_goals_what_is_not_available(
    world: World, member: int, pair: Pair
) -> None:
    app = world.signed_in(member)
    assert app.post("/api/v1/goals", json={"name": "tea", "target": "80.00"}).status_code == 201
    pair.adjust(member, "credit", "100.00")
    assert (world.balance(member).available, world.balance(member).reserved) == (2_000, 8_000)
    pair.adjust(member, "debit", "50.00")
    assert (world.balance(member).available, world.balance(member).reserved) == (0, 5_000)
    adds_up(world, member, app)
    assert world.differences() == []


def test_a_write_off_of_a_debt_that_has_changed_since_is_not_made(
    world: World, member: int, pair: Pair
) -> None:
    pair.adjust(member, "debit", "400.00")
    one = proposed(pair.olga, member, "write_off", "60.00")
    earns(world, world.shop(cashback=1000), member, 10, on=20)
    assert told(approved(pair.anna, one)) == (409, "proposal_stale")
    assert pair.anna.get(f"{DESK}/{one['id']}").get_json()["state"] == "stale"
    assert world.differences() == []


def test_of_two_that_were_proposed_beside_each_other_the_second_is_stale(
    world: World, member: int, pair: Pair
) -> None:
    one, other = proposed(pair.olga, member), proposed(pair.olga, member, "goodwill")
    assert approved(pair.anna, one).status_code == 200
    assert told(approved(pair.anna, other)) == (409, "proposal_stale")
    assert world.balance(member).available == 5_000


def test_that_holds_in_whatever_order_they_are_approved(
    world: World, member: int, pair: Pair
) -> None:
    first = proposed(pair.olga, member)
    pair.adjust(member, "credit", "1.00")
    assert told(approved(pair.anna, first)) == (409, "proposal_stale")
    early = proposed(pair.olga, member, "credit", "2.00")
    late = proposed(pair.olga, member, "credit", "3.00")
    assert approved(pair.anna, late).status_code == 200
    assert told(approved(pair.anna, early)) == (409, "proposal_stale")


def test_nobody_approves_or_rejects_their_own(world: World, member: int, pair: Pair) -> None:
    one = proposed(pair.anna, member)
    assert told(approved(pair.anna, one)) == (403, "approver_proposed_it")
    body = {"reason": "no"}
    mine = pair.anna.post(f"{DESK}/{one['id']}/reject", json=body)
    assert told(mine) == (403, "approver_proposed_it")
    boris = hired(world, "boris", Role.APPROVER)
    assert boris.post(f"{DESK}/{one['id']}/reject", json=body).get_json()["state"] == "rejected"
    assert told(approved(boris, one)) == (409, "proposal_decided")
    assert booked(world) == []


def test_an_approval_names_what_it_approves(member: int, pair: Pair) -> None:
    one = proposed(pair.olga, member)
    assert told(approved(pair.anna, one, sha256="0" * 64)) == (409, "proposal_differs")
    assert told(pair.anna.post(f"{DESK}/{one['id']}/approve", json={})) == (422, "invalid")


def test_a_doubled_request_proposes_once(world: World, member: int, pair: Pair) -> None:
    key = {"Idempotency-Key": "17"}
    first = pair.olga.post(DESK, json=wish(member), headers=key)
    again = pair.olga.post(DESK, json=wish(member), headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json() == again.get_json()
    for change in ({"amount": "1.00"}, {"kind": "goodwill", "cause": "apology"}):
        another = pair.olga.post(DESK, json=wish(member) | change, headers=key)
        assert told(another) == (409, "key_used_for_another")
    assert told(pair.olga.post(DESK, json=wish(member))) == (409, "proposal_waits")
    assert world.query("SELECT count(*) FROM proposals") == [(1,)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "gift"),
        ("amount", "0"),
        ("amount", "-1.00"),
        ("amount", "50000.01"),
        ("amount", 10),
        ("cause", "apology"),
        ("cause", "operator_paid"),
        ("note", ""),
        ("note", "a\nb"),
        ("payout_id", 1),
        ("effective_at", day(61).isoformat()),
        ("effective_at", "2011-01-01"),
        ("member_id", 0),
    ],
)
def test_what_cannot_be_is_refused(pair: Pair, member: int, field: str, value: Any) -> None:
    response = pair.olga.post(DESK, json=wish(member) | {field: value})
    assert response.status_code == 422
    assert [one["field"] for one in response.get_json()["errors"]][:1] in ([field], ["payout_id"])


def test_nobody_is_given_what_they_never_get(world: World, member: int, pair: Pair) -> None:
    assert told(pair.olga.post(DESK, json=wish(member + 1))) == (422, "adjustment_unsound")
    one = proposed(pair.olga, member)
    pair.adjust(member, "debit", "10.00")
    world.change("UPDATE members SET closed_at = now() WHERE id = :id", id=member)
    assert told(approved(pair.anna, one)) == (409, "member_has_left")
    another = pair.olga.post(DESK, json=wish(member, amount="1.00"))
    assert told(another) == (409, "member_has_left")
    pair.adjust(member, "write_off", "10.00")
    assert world.differences() == []


def test_the_limit_is_a_setting(world: World, member: int) -> None:
    settings = replace(world.tools.settings, adjustment_max=100)
    strict = World(replace(world.tools, settings=settings))
    olga = hired(strict, "olga", Role.OPERATOR)
    assert olga.post(DESK, json=wish(member, amount="1.00")).status_code == 201
    assert olga.post(DESK, json=wish(member, amount="1.01")).status_code == 422


def test_it_counts_when_it_is_said_to(world: World, member: int, pair: Pair) -> None:
    pair.adjust(member, effective_at=day(3).isoformat())
    pair.adjust(member, "goodwill")
    rows = world.query("SELECT effective_at FROM ledger_transactions ORDER BY id")
    assert [row.effective_at for row in rows] == [day(3), NOW]


def test_in_a_closed_month_it_counts_there_and_stands_in_the_next(
    world: World, member: int, pair: Pair
) -> None:
    pair.adjust(member, effective_at=day(3).isoformat())
    world.change(
        "INSERT INTO closed_periods (period, proposed_by, approved_by)"
        " VALUES ('2010-12', 'anna', 'boris')"
    )
    late = pair.adjust(member, "goodwill", effective_at=day(4).isoformat())
    assert datetime.fromisoformat(late["effective_at"]) == day(4)
    assert late["period"] == "2011-01"


def test_the_member_is_told_once(world: World, member: int, pair: Pair) -> None:
    world.change('UPDATE members SET choices = \'{"cashback": "sms"}\'')
    pair.adjust(member, "credit")
    pair.adjust(member, "debit", "80.00")
    pair.adjust(member, "write_off", "30.00")
    kinds = world.query("SELECT kind, payload FROM notifications ORDER BY id")
    assert [(row.kind, row.payload["amount"]) for row in kinds] == [
        ("money_added", 5_000),
        ("money_taken", 8_000),
        ("debt_forgiven", 3_000),
    ]
