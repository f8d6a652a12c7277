"""Invite a friend → reward → the friend's return takes it back, all of it through HTTP."""

import json
from typing import Any

import pytest

from tests.clients import Cabinet
from tests.inviting import Inviter, newcomers
from tests.joining import Newcomer
from tests.world import World, cancelled, confirmed, created, day
from tracker.kit.clock import moscow_date

REFERRAL = "/api/v1/referral"


def seen(world: World, member: int, query: str = "") -> dict[str, Any]:
    """The member's own link and friends, as the member's app shows them."""
    response = world.signed_in(member).get(REFERRAL + query)
    assert response.status_code == 200, response.get_json()
    found: dict[str, Any] = response.get_json()
    return found


def states(world: World, member: int) -> list[str]:
    return [one["state"] for one in seen(world, member)["friends"]["items"]]


def test_from_the_link_to_the_reward_and_back(world: World) -> None:
    shop = world.shop(cashback=1000)
    (inviter,) = newcomers(world, 1)
    link = seen(world, inviter)["link"].removeprefix(world.tools.settings.public_url)
    anna = Newcomer(world)
    assert anna.client.get(link).status_code == 302
    friend = Cabinet(world.app, anna.join())
    assert states(world, inviter) == ["joined"]

    visit = friend.post("/api/v1/clicks", json={"shop": shop.slug})
    assert visit.status_code == 201, visit.get_json()
    ordered_at = world.tools.clock.now()
    world.tell(shop, created("A-1", visit.get_json()["click_id"], 1000, at=ordered_at))
    told = seen(world, inviter)
    assert (told["pending"], told["confirmed"]) == ("200.00", "0.00")
    assert states(world, inviter) == ["pending"]
    world.tell(shop, confirmed("A-1", at=ordered_at))
    told = seen(world, inviter)
    assert (told["pending"], told["confirmed"]) == ("0.00", "200.00")
    assert states(world, inviter) == ["rewarded"]
    assert world.differences() == []

    world.tell(shop, cancelled("A-1", at=ordered_at))
    told = seen(world, inviter)
    assert (told["pending"], told["confirmed"]) == ("0.00", "0.00")
    assert states(world, inviter) == ["rejected"]
    assert world.balance(inviter).available == 0
    assert world.differences() == []


def test_an_inviter_learns_how_far_friends_are_and_not_who_they_are(world: World) -> None:
    inviter = Inviter(world)
    friends = inviter.friends(8)
    for place, friend in enumerate(friends[:7]):
        inviter.buys(friend, f"A-{place}", 1 + place)
    inviter.keeps("A-0", 9)
    inviter.gives_back("A-1", 9)
    told = seen(world, inviter.member)
    assert [one["state"] for one in told["friends"]["items"]] == [
        "rewarded",
        "rejected",
        *["pending"] * 4,
        "over_ceiling",
        "joined",
    ]
    assert told["friends"]["items"][0] == {
        "ordinal": 1,
        "joined": moscow_date(day(-4)).isoformat()[:7],
        "state": "rewarded",
    }
    assert set(told) == {
        "code",
        "link",
        "reward",
        "ceiling",
        "pending",
        "confirmed",
        "friends",
    }
    assert (told["reward"], told["ceiling"]) == ("200.00", "1000.00")
    assert (told["pending"], told["confirmed"]) == ("800.00", "200.00")
    said = json.dumps(told)
    for friend in friends:
        (row,) = world.query("SELECT referral_code FROM members WHERE id = :id", id=friend)
        assert row.referral_code not in said
        assert world.phone(friend)[1:] not in said


def test_friends_come_in_pages(world: World) -> None:
    inviter = Inviter(world)
    inviter.friends(5)
    ordinals: list[int] = []
    cursor: str | None = "0"
    while cursor is not None:
        page = seen(world, inviter.member, f"?limit=2&cursor={cursor}")["friends"]
        ordinals += [one["ordinal"] for one in page["items"]]
        cursor = page["next"]
    assert ordinals == [1, 2, 3, 4, 5]
    assert seen(world, inviter.member, "?cursor=77")["friends"] == {"items": [], "next": None}


@pytest.mark.parametrize(
    "query", ["?cursor=-1", "?limit=0", "?limit=1001", "?cursor=x", "?cursor=1e99", "?member_id=1"]
)
def test_what_cannot_be_asked(world: World, query: str) -> None:
    (member,) = newcomers(world, 1)
    response = world.signed_in(member).get(REFERRAL + query)
    assert response.status_code == 422


def test_each_sees_friends_of_their_own_alone(world: World) -> None:
    one, other = Inviter(world), Inviter(world)
    one.friends(2)
    other.friends(1)
    assert len(states(world, one.member)) == 2
    assert len(states(world, other.member)) == 1
    assert world.client().get(REFERRAL).status_code == 401
