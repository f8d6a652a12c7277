"""Members as staff see them: masked, found by the whole number alone, and that is audited."""

from collections.abc import Mapping
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.cabinets import ask, whole
from tests.world import World, created, day
from tracker.audit.queries import entries
from tracker.kit.database import unit_of_work
from tracker.members.service import set_email
from tracker.staff.rules import Role
from tracker.staff.service import hire


@pytest.fixture
def tokens(world: World) -> Mapping[Role, str]:
    with unit_of_work(world.tools.engine) as session:
        keys = world.tools.settings.keys
        return {role: hire(session, keys, str(role), role) for role in Role}


def get(world: World, token: str, path: str, **query: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"}
    return world.client().get(f"/admin/api/v1/members{path}", query_string=query, headers=headers)


def test_numbers_and_addresses_are_masked(world: World, tokens: Mapping[Role, str]) -> None:
    member = world.member()
    with unit_of_work(world.tools.engine) as session:
        set_email(session, world.tools.settings.keys, member, "anna@example.org", day(0))
    phone = world.phone(member)
    told = get(world, tokens[Role.VIEWER], f"/{member}").get_json()
    assert (told["id"], told["state"], told["email"]) == (member, "active", "a***@example.org")
    assert told["phone"] == phone[:5] + "*****" + phone[-2:]
    assert told["email_proved"]


def test_staff_see_the_money_that_the_member_sees(world: World, tokens: Mapping[Role, str]) -> None:
    shop, (member, other) = world.shop(), world.members(2)
    world.tell(shop, created("1", world.click(member, shop), 100, at=day(1)))
    cabinet = world.signed_in(member)
    token = tokens[Role.VIEWER]
    assert get(world, token, f"/{member}/balance").get_json() == ask(cabinet, "balance")
    assert get(world, token, f"/{member}/history").get_json()["items"] == whole(cabinet)
    line = whole(cabinet)[0]["id"]
    told = get(world, token, f"/{member}/history/{line}").get_json()
    assert told == ask(cabinet, f"history/{line}")
    assert get(world, token, f"/{other}/history/{line}").status_code == 404
    first = get(world, token, f"/{member}/history", limit=1).get_json()["next"]
    assert get(world, token, f"/{other}/history", cursor=first).status_code == 422


def test_a_search_is_audited_and_tells_no_number(world: World, tokens: Mapping[Role, str]) -> None:
    member = world.member()
    token = tokens[Role.OPERATOR]
    (found,) = get(world, token, "", phone=world.phone(member)).get_json()["items"]
    assert found["id"] == member
    spelt = world.phone(member).replace("+7", "8", 1)
    assert get(world, token, "", phone=spelt).get_json()["items"] == [found]
    assert get(world, token, "", phone="+79998887766").get_json() == {"items": []}
    with unit_of_work(world.tools.engine) as session:
        searched = entries(session, action="member.search")
        assert [one.subject for one in searched] == [f"member:{member}"] * 2 + ["member:none"]
        assert {one.who for one in searched} == {"operator"}
        kept = str([(one.subject, one.before, one.after, one.reason) for one in searched])
    assert world.phone(member)[4:] not in kept


def test_who_may_look_may_not_search(world: World, tokens: Mapping[Role, str]) -> None:
    answer = get(world, tokens[Role.VIEWER], "", phone="+79000000001")
    assert answer.status_code == 403


@pytest.mark.parametrize("query", [{}, {"phone": ""}, {"phone": "+7"}, {"phone": "x" * 60}])
def test_a_search_needs_a_whole_number(
    world: World, tokens: Mapping[Role, str], query: dict[str, str]
) -> None:
    assert get(world, tokens[Role.OPERATOR], "", **query).status_code == 422


@pytest.mark.parametrize("path", ["", "/balance", "/history", "/history/p1"])
def test_who_is_nobody_is_not_found(world: World, tokens: Mapping[Role, str], path: str) -> None:
    for number in ("0", "987654", "9223372036854775807", "9223372036854775808", "-1", "x"):
        answer = get(world, tokens[Role.VIEWER], f"/{number}{path}")
        assert answer.status_code == 404, number


def test_who_has_left_is_still_seen(world: World, tokens: Mapping[Role, str]) -> None:
    member = world.member()
    world.change("UPDATE members SET closed_at = now() WHERE id = :id", id=member)
    assert get(world, tokens[Role.VIEWER], f"/{member}").get_json()["state"] == "closed"
    assert get(world, tokens[Role.VIEWER], f"/{member}/balance").status_code == 200
