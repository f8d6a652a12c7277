"""What members set up for themselves."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.cabinets import ask
from tests.stories.months import FIRST
from tests.world import World, confirmed, created, day
from tracker.cabinet.schemas import ChoicesSchema
from tracker.cabinet.service import standing
from tracker.kit.database import unit_of_work
from tracker.members.service import find
from tracker.notifications.contracts import Topic


def test_a_member_is_shown_to_itself(world: World) -> None:
    member = world.member()
    me = ask(world.signed_in(member), "me")
    assert me["phone"] == world.phone(member)
    assert (me["email"], me["email_proved"]) == (None, False)
    assert (me["language"], me["auto_payment"]) == ("ru", True)
    assert me["referral_link"].endswith(f"/r/{me['referral_code']}")
    assert "id" not in me


def test_language_and_auto_payment_change_one_by_one(world: World) -> None:
    cabinet = world.signed_in(world.member())
    assert cabinet.patch("/api/v1/me", json={"language": "uk"}).get_json()["auto_payment"]
    changed = cabinet.patch("/api/v1/me", json={"auto_payment": False}).get_json()
    assert (changed["language"], changed["auto_payment"]) == ("uk", False)
    assert ask(cabinet, "me") == changed
    assert cabinet.patch("/api/v1/me", json={}).get_json() == changed


@pytest.mark.parametrize(
    "body",
    [
        {"language": "de"},
        {"language": None},
        {"auto_payment": None},
        {"auto_payment": "false"},
        {"auto_payment": 0},
        {"phone": "+79000000000"},
        {"referral_code": "mine"},
        {"joined_at": "2000-01-01T00:00:00Z"},
        {"closed_at": None},
        ["auto_payment"],
    ],
)
def test_nothing_else_can_be_changed(world: World, body: Any) -> None:
    cabinet = world.signed_in(world.member())
    before = ask(cabinet, "me")
    assert cabinet.patch("/api/v1/me", json=body).status_code == 422
    assert ask(cabinet, "me") == before


def test_who_wants_no_payment_is_not_paid(world: World) -> None:
    shop, member = world.shop(), world.member()
    cabinet = world.signed_in(member)
    world.tell(shop, created("1", world.click(member, shop), 1_000, at=day(1)))
    world.tell(shop, confirmed("1", at=day(2)))
    assert ask(cabinet, "balance")["next_payment"]["amount"] == "300.00"
    cabinet.patch("/api/v1/me", json={"auto_payment": False})
    assert ask(cabinet, "balance")["next_payment"]["amount"] == "0.00"
    world.settle("2011-01", FIRST)
    assert ask(cabinet, "balance")["available"] == "300.00"


def test_choices_of_channels(world: World) -> None:
    cabinet = world.signed_in(world.member())
    by_default = ask(cabinet, "me/notifications")
    assert by_default.keys() == {str(topic) for topic in Topic}
    chosen = {"cashback": "none", "payouts": "email"}
    put = cabinet.put("/api/v1/me/notifications", json=chosen)
    assert put.status_code == 200
    assert put.get_json() == by_default | chosen
    assert ask(cabinet, "me/notifications") == by_default | chosen
    again = cabinet.put("/api/v1/me/notifications", json=put.get_json())
    assert again.get_json() == by_default | chosen
    assert cabinet.put("/api/v1/me/notifications", json={}).get_json() == by_default


@pytest.mark.parametrize(
    "body",
    [
        {"security": "none"},
        {"security": "email"},
        {"cashback": "pigeon"},
        {"cashback": None},
        {"weather": "sms"},
    ],
)
def test_channels_that_cannot_be_chosen(world: World, body: dict[str, Any]) -> None:
    cabinet = world.signed_in(world.member())
    assert cabinet.put("/api/v1/me/notifications", json=body).status_code == 422


def test_every_topic_has_its_choice() -> None:
    assert set(ChoicesSchema().fields) == {str(topic) for topic in Topic}


@pytest.mark.parametrize("path", ["me", "me/notifications", "balance", "history", "history/p1"])
def test_nobody_is_let_in_without_a_session(world: World, path: str) -> None:
    assert world.client().get(f"/api/v1/{path}").status_code == 401


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2010, 12, 31, 20, 59, 59, tzinfo=UTC), "2011-01-01"),
        (datetime(2010, 12, 31, 21, tzinfo=UTC), "2011-02-01"),
        (datetime(2012, 1, 31, 12, tzinfo=UTC), "2012-02-01"),
        (datetime(2012, 2, 29, 19, 59, 59, tzinfo=UTC), "2012-03-01"),  # four hours, in those years
        (datetime(2012, 2, 29, 20, tzinfo=UTC), "2012-04-01"),
    ],
)
def test_the_next_payment_is_on_the_first_in_moscow(
    world: World, now: datetime, expected: str
) -> None:
    member = world.member()
    with unit_of_work(world.tools.engine) as session:
        told = standing(session, find(session, member), now, minimum=100, cap=None)
    assert told.next_payment.day.isoformat() == expected


@pytest.mark.parametrize(("minimum", "cap", "amount"), [(100, None, 30_000), (100, 7_000, 7_000)])
def test_the_next_payment_keeps_to_the_limits(
    world: World, minimum: int, cap: int | None, amount: int
) -> None:
    shop, member = world.shop(), world.member()
    world.tell(shop, created("1", world.click(member, shop), 1_000, at=day(1)))
    world.tell(shop, confirmed("1", at=day(2)))
    with unit_of_work(world.tools.engine) as session:
        one = find(session, member)
        told = standing(session, one, day(3), minimum=minimum, cap=cap)
        below = standing(session, one, day(3), minimum=30_001, cap=cap)
    assert told.next_payment.amount == amount
    assert below.next_payment.amount == 0
