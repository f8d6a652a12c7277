"""What staff find, void and let pass; large voids by two people."""

from dataclasses import replace
from typing import Any

import pytest

from tests.clients import Cabinet
from tests.signing_in import at
from tests.tracker.certificates.salon import (
    DESK,
    acts,
    paper,
    present,
    salon_of,
    staff,
    told,
)
from tests.tracker.certificates.saving import (
    FREE,
    NOW,
    buy,
    issued,
    rich,
    save,
    saved,
    states,
)
from tests.world import Shop, World
from tracker.staff.rules import Role

WHY = {"reason": "the member asked"}


@pytest.fixture
def world(world: World) -> World:
    return at(world, NOW)


@pytest.fixture
def olga(world: World) -> Cabinet:
    return staff(world, "olga", Role.OPERATOR)


@pytest.fixture
def anna(world: World) -> Cabinet:
    return staff(world, "anna", Role.APPROVER)


@pytest.fixture
def boris(world: World) -> Cabinet:
    return staff(world, "boris", Role.APPROVER)


def post(by: Cabinet, path: str, **body: Any) -> Any:
    return by.post(f"{DESK}/{path}", json=WHY | body)


def test_a_small_one_is_voided_by_one_person(world: World, shop: Shop, olga: Cabinet) -> None:
    slip = paper(world, shop, 5_000)
    response = post(olga, f"{slip.id}/void")
    assert response.status_code == 200
    shown = response.get_json()
    assert (shown["state"], shown["void_reason"], shown["voids"]) == (
        "voided",
        "the member asked",
        [],
    )
    assert world.balance(slip.member).available == 550_000
    subject = f"certificate:{slip.id}"
    assert acts(world) == [("olga", "certificate.void", subject, "the member asked")]
    assert told(post(olga, f"{slip.id}/void")) == (409, "certificate_over")
    assert world.differences() == []


@pytest.mark.parametrize("by_goal", [0, 600, 1_000])
def test_the_money_goes_back_where_it_came_from(
    world: World, shop: Shop, olga: Cabinet, by_goal: int
) -> None:
    member = rich(world, shop, 2_000)
    goal = save(world, member, by_goal) if by_goal else None
    before = world.balance(member)
    (one,) = buy(world, member, 1_000, goal=goal)
    issued(world)
    assert post(olga, f"{one.id}/void").status_code == 200
    assert saved(world, member) == ([by_goal * 100] if by_goal else [])
    after = world.balance(member)
    assert (after.available, after.reserved) == (before.available, before.reserved)
    assert world.differences() == []


@pytest.mark.parametrize("state", ["ordered", "review", "issued"])
def test_whatever_is_not_redeemed_can_be_voided(
    world: World, shop: Shop, olga: Cabinet, state: str
) -> None:
    member = rich(world, shop, 2_000)
    (one,) = buy(
        world, member, 1_000, limits=replace(FREE, review_from=1 if state == "review" else 10**9)
    )
    if state == "issued":
        issued(world)
    assert states(world) == [state]
    assert post(olga, f"{one.id}/void").status_code == 200
    issued(world)
    assert states(world) == ["voided"]
    assert world.balance(member).available == 200_000
    assert world.differences() == []


def test_a_large_one_waits_for_another_person(
    world: World, shop: Shop, olga: Cabinet, anna: Cabinet
) -> None:
    slip = paper(world, shop, 5_500)
    shown = post(olga, f"{slip.id}/void").get_json()
    assert shown["state"] == "issued"
    (asked,) = shown["voids"]
    assert (asked["state"], asked["proposed_by"], asked["amount"]) == (
        "proposed",
        "olga",
        "5500.00",
    )
    assert told(post(olga, f"{slip.id}/void")) == (409, "void_waits")
    assert anna.get(f"{DESK}/voids?state=proposed").get_json()["items"] == [asked]
    response = post(anna, f"voids/{asked['id']}/approve", reason="seen")
    assert response.status_code == 200
    decided = response.get_json()
    assert (decided["state"], decided["decided_by"]) == ("approved", "anna")
    assert decided["certificate_state"] == "voided"
    assert anna.get(f"{DESK}/voids?state=proposed").get_json()["items"] == []
    assert world.balance(slip.member).available == 600_000
    subject = f"certificate:{slip.id}"
    assert acts(world) == [
        ("olga", "certificate.void.propose", subject, "the member asked"),
        ("anna", "certificate.void.approve", subject, "seen"),
    ]
    assert world.query("SELECT void_reason FROM certificates") == [("the member asked",)]
    assert world.differences() == []


def test_nobody_decides_about_their_own(world: World, shop: Shop, anna: Cabinet) -> None:
    slip = paper(world, shop, 5_500)
    (asked,) = post(anna, f"{slip.id}/void").get_json()["voids"]
    for word in ("approve", "reject"):
        refused = post(anna, f"voids/{asked['id']}/{word}")
        assert told(refused) == (403, "approver_proposed_it")
    assert states(world) == ["issued"]


def test_what_was_refused_stays_and_may_be_asked_for_again(
    world: World, shop: Shop, olga: Cabinet, anna: Cabinet, boris: Cabinet
) -> None:
    slip = paper(world, shop, 5_500)
    (first,) = post(olga, f"{slip.id}/void").get_json()["voids"]
    assert post(anna, f"voids/{first['id']}/reject").get_json()["state"] == "rejected"
    for word in ("approve", "reject"):
        assert told(post(boris, f"voids/{first['id']}/{word}")) == (409, "void_decided")
    assert states(world) == ["issued"]
    _, second = post(olga, f"{slip.id}/void").get_json()["voids"]
    assert post(boris, f"voids/{second['id']}/approve").status_code == 200
    assert told(post(anna, f"voids/{second['id']}/approve")) == (409, "void_decided")
    assert states(world) == ["voided"]


def test_a_salon_may_be_faster_than_the_approval(
    world: World, shop: Shop, olga: Cabinet, anna: Cabinet
) -> None:
    slip = paper(world, shop, 5_500)
    (asked,) = post(olga, f"{slip.id}/void").get_json()["voids"]
    assert present(world, salon_of(world), slip.code).status_code == 200
    assert told(post(anna, f"voids/{asked['id']}/approve")) == (409, "certificate_over")
    (seen,) = anna.get(f"{DESK}/voids").get_json()["items"]
    assert (seen["state"], seen["certificate_state"]) == ("proposed", "redeemed")
    assert post(anna, f"voids/{asked['id']}/reject").status_code == 200
    assert told(post(olga, f"{slip.id}/void")) == (409, "certificate_over")
    assert world.differences() == []


def test_the_limit_is_a_setting(world: World, shop: Shop) -> None:
    settings = replace(world.tools.settings, certificate_void_limit=0)
    strict = World(replace(world.tools, settings=settings))
    slip = paper(world, shop, 100)
    (asked,) = post(staff(strict, "olga", Role.OPERATOR), f"{slip.id}/void").get_json()["voids"]
    assert asked["amount"] == "100.00"


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "a\nb"}, {"reason": "x" * 501}])
def test_each_act_has_its_reason(
    world: World, shop: Shop, anna: Cabinet, body: dict[str, str]
) -> None:
    slip = paper(world, shop)
    for path in (f"{slip.id}/void", f"{slip.id}/release", "voids/1/approve", "voids/1/reject"):
        assert told(anna.post(f"{DESK}/{path}", json=body)) == (422, "invalid")
    assert told(anna.post(f"{DESK}/{slip.id}/void", json={"reason": "  "})) == (
        422,
        "reason_missing",
    )
    assert told(post(anna, f"{slip.id}/void", amount="1.00")) == (422, "invalid")
    assert (states(world), acts(world)) == (["issued"], [])


def test_a_review_ends_with_a_word_of_staff(world: World, shop: Shop, olga: Cabinet) -> None:
    member = rich(world, shop, 30_000)
    (one,) = buy(world, member, 10_000, limits=replace(FREE, review_from=1_000_000))
    issued(world)
    (waits,) = olga.get(f"{DESK}?state=review").get_json()["items"]
    assert waits["id"] == one.id
    shown = post(olga, f"{one.id}/release", reason="they were called").get_json()
    assert (shown["state"], shown["released_by"]) == ("ordered", "olga")
    assert told(post(olga, f"{one.id}/release")) == (409, "certificate_not_in_review")
    issued(world)
    assert states(world) == ["issued"]
    subject = f"certificate:{one.id}"
    assert acts(world) == [("olga", "certificate.release", subject, "they were called")]
    buy(world, member, 10_000, limits=replace(FREE, review_from=1_000_000))
    assert states(world) == ["issued", "ordered"]
    assert world.differences() == []


def test_whoever_asked_may_withdraw_and_ask_anew(
    world: World, shop: Shop, olga: Cabinet, anna: Cabinet
) -> None:
    slip = paper(world, shop, 5_500)
    (asked,) = post(olga, f"{slip.id}/void").get_json()["voids"]
    withdraw = f"/admin/api/v1/proposals/{asked['id']}/withdraw"
    assert told(anna.post(withdraw, json=WHY)) == (403, "not_the_proposer")
    assert olga.post(withdraw, json=WHY).get_json()["state"] == "withdrawn"
    assert told(post(anna, f"voids/{asked['id']}/approve")) == (409, "void_decided")
    _, again = post(olga, f"{slip.id}/void").get_json()["voids"]
    other = post(anna, f"voids/{again['id']}/approve", sha256=asked["payload_sha256"])
    assert other.status_code == 200, "the same void has the same hash"
    assert world.differences() == []


def test_an_approval_may_name_what_it_approves(
    world: World, shop: Shop, olga: Cabinet, anna: Cabinet
) -> None:
    slip = paper(world, shop, 5_500)
    (asked,) = post(olga, f"{slip.id}/void").get_json()["voids"]
    refused = post(anna, f"voids/{asked['id']}/approve", sha256="0" * 64)
    assert told(refused) == (409, "proposal_differs")
    shown = anna.get(f"/admin/api/v1/proposals/{asked['id']}").get_json()
    assert shown["payload"] == {"certificate_id": slip.id, "amount": 550_000}
    assert shown["payload_sha256"] == asked["payload_sha256"]


def test_nobody_agrees_after_its_time(
    world: World, shop: Shop, olga: Cabinet, anna: Cabinet
) -> None:
    slip = paper(world, shop, 5_500)
    (asked,) = post(olga, f"{slip.id}/void").get_json()["voids"]
    world.change_as_owner("UPDATE proposals SET expires_at = now()")
    (seen,) = anna.get(f"{DESK}/voids?state=expired").get_json()["items"]
    assert seen["id"] == asked["id"]
    assert told(post(anna, f"voids/{asked['id']}/approve")) == (410, "proposal_expired")
    assert states(world) == ["issued"]
    _, again = post(olga, f"{slip.id}/void").get_json()["voids"]
    assert again["state"] == "proposed"


def test_the_member_is_told_of_a_void(
    world: World, shop: Shop, olga: Cabinet, anna: Cabinet
) -> None:
    small, large = paper(world, shop, 1_000), paper(world, shop, 5_500)
    post(olga, f"{small.id}/void")
    (asked,) = post(olga, f"{large.id}/void").get_json()["voids"]
    said = "SELECT member_id, payload FROM notifications WHERE kind = 'certificate_voided'"
    assert [row.member_id for row in world.query(said)] == [small.member]
    post(anna, f"voids/{asked['id']}/approve")
    rows = world.query(said + " ORDER BY id")
    assert [(row.member_id, row.payload["amount"]) for row in rows] == [
        (small.member, 100_000),
        (large.member, 550_000),
    ]
