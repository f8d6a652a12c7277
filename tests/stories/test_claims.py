"""Missing cashback: told by members, settled by the events, or answered by staff."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from tests.signing_in import at
from tests.world import Shop, World, created, day
from tracker.claims.jobs import look_at_claims
from tracker.claims.queries import look_is_due
from tracker.kit.database import unit_of_work
from tracker.staff.rules import Role
from tracker.staff.service import hire

PDF = base64.b64encode(b"%PDF-1.7 a receipt").decode()


@pytest.fixture
def shop(world: World) -> Shop:
    return world.shop()


def claim(world: World, member: int, **changed: Any) -> Any:
    body = {
        "shop": "shop",
        "order_id": "A-1",
        "ordered_at": day(1).isoformat(),
        "amount": "1000.00",
        "note": "bought by the link",
        "evidence": [PDF],
    }
    return world.signed_in(member).post("/api/v1/claims", json=body | changed)


def answer_of(response: Any) -> tuple[str, str | None]:
    assert response.status_code == 201, response.get_json()
    told = response.get_json()
    return told["state"], told["outcome"]


def test_an_order_that_is_nobodys_and_the_same_is_credited_at_once(
    world: World, shop: Shop
) -> None:
    member = world.member()
    world.click(member, shop, day(0))
    world.tell(shop, created("A-1", None, 1000, at=day(1)))
    assert world.balance(member).pending == 0
    assert answer_of(claim(at(world, day(5)), member)) == ("closed", "credited")
    assert world.balance(member).pending == 10_000 + 20_000
    assert world.differences() == []
    acts = world.query("SELECT who, action, reason FROM audit_entries")
    assert [(one.who, one.action) for one in acts] == [("system", "purchase.reattribute")]
    notices = world.query("SELECT kind FROM notifications WHERE kind = 'claim_answered'")
    assert len(notices) <= 1


def test_what_is_tracked_already_is_said_so(world: World, shop: Shop) -> None:
    member = world.member()
    world.tell(shop, created("A-1", world.click(member, shop, day(0)), 1000, at=day(1)))
    assert answer_of(claim(at(world, day(5)), member)) == ("closed", "already_tracked")


def test_without_a_click_nothing_was_promised(world: World, shop: Shop) -> None:
    member = world.member()
    world.tell(shop, created("A-1", None, 1000, at=day(1)))
    assert answer_of(claim(at(world, day(5)), member)) == ("closed", "no_click")
    assert world.balance(member).pending == 0


def test_an_order_that_comes_later_settles_an_open_claim(world: World, shop: Shop) -> None:
    member = world.member()
    world.click(member, shop, day(0))
    then = at(world, day(5))
    assert answer_of(claim(then, member)) == ("with_staff", None)
    world.tell(shop, created("A-1", None, 1000, at=day(1)))
    engine, keys = world.tools.engine, world.tools.settings.keys
    with unit_of_work(engine) as session:
        assert not look_is_due(session, day(5))
        assert look_is_due(session, day(6))
    while look_at_claims(engine, keys, world.programme, day(6)):
        pass
    (told,) = then.signed_in(member).get("/api/v1/claims").get_json()["items"]
    assert (told["state"], told["outcome"]) == ("closed", "credited")
    assert world.balance(member).pending == 30_000
    assert world.differences() == []


@pytest.mark.parametrize(
    ("amount", "hours"), [(999.99, 0), (1000, 25)], ids=["another sum", "another day"]
)
def test_what_is_not_quite_the_same_goes_to_staff(
    world: World, shop: Shop, amount: float, hours: int
) -> None:
    member = world.member()
    world.click(member, shop, day(0))
    world.tell(shop, created("A-1", None, amount, at=day(1) + timedelta(hours=hours)))
    assert answer_of(claim(at(world, day(5)), member)) == ("with_staff", None)
    assert world.balance(member).pending == 0


def test_anothers_purchase_is_not_given_away_nor_told_of(world: World, shop: Shop) -> None:
    owner, member = world.members(2)
    world.click(member, shop, day(0))
    world.tell(shop, created("A-1", world.click(owner, shop, day(0)), 1000, at=day(1)))
    then = at(world, day(5))
    told = claim(then, member).get_json()
    assert (told["state"], told["outcome"]) == ("with_staff", None)
    decided(then, told["id"], "credited", expected=409)
    decided(then, told["id"], "anothers")
    shown = then.signed_in(member).get(f"/api/v1/claims/{told['id']}").get_json()
    assert shown["outcome"] == "evidence_insufficient"
    assert world.balance(member).pending == 0


def test_two_members_claim_one_order_and_one_gets_it(world: World, shop: Shop) -> None:
    first, second = world.members(2)
    for one in (first, second):
        world.click(one, shop, day(0))
    world.tell(shop, created("A-1", None, 1000, at=day(1)))
    then = at(world, day(5))
    assert answer_of(claim(then, first)) == ("closed", "credited")
    assert answer_of(claim(then, second)) == ("with_staff", None)
    assert world.balance(second).pending == 0
    assert world.differences() == []


def decided(world: World, claim_id: int, outcome: str, *, expected: int = 200, **more: Any) -> Any:
    login = f"staff-{claim_id}-{outcome}"
    with unit_of_work(world.tools.engine) as session:
        token = hire(session, world.tools.settings.keys, login, Role.OPERATOR)
    answer = world.client().post(
        f"/admin/api/v1/claims/{claim_id}/decide",
        json={"outcome": outcome, "reason": "looked at the receipt"} | more,
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == expected, answer.get_json()
    return answer.get_json()


def test_staff_credit_what_is_nobodys(world: World, shop: Shop) -> None:
    member = world.member()
    world.click(member, shop, day(0))
    world.tell(shop, created("A-1", None, 900, at=day(1)))
    then = at(world, day(5))
    told = claim(then, member).get_json()
    assert decided(then, told["id"], "credited")["purchase_id"] == 1
    assert world.balance(member).pending == 9_000 + 20_000
    assert world.differences() == []
    decided(then, told["id"], "returned", expected=409)


def test_a_member_takes_a_claim_back(world: World, shop: Shop) -> None:
    member = world.member()
    world.click(member, shop, day(0))
    then = at(world, day(5))
    told = claim(then, member).get_json()
    client = then.signed_in(member)
    assert client.delete(f"/api/v1/claims/{told['id']}").get_json()["outcome"] == "withdrawn"
    assert client.delete(f"/api/v1/claims/{told['id']}").status_code == 409
    assert claim(then, member).status_code == 409


def test_anothers_claim_is_not_there(world: World, shop: Shop) -> None:
    member, other = world.members(2)
    world.click(member, shop, day(0))
    then = at(world, day(5))
    told = claim(then, member).get_json()
    client = then.signed_in(other)
    assert client.get(f"/api/v1/claims/{told['id']}").status_code == 404
    assert client.delete(f"/api/v1/claims/{told['id']}").status_code == 404
    assert client.get("/api/v1/claims").get_json()["items"] == []


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"ordered_at": day(3).isoformat()}, 422, "claim_too_early"),
        ({"ordered_at": day(-90).isoformat()}, 422, "claim_too_late"),
        ({"shop": "nowhere"}, 404, "shop_not_found"),
        ({"amount": "0.00"}, 422, "invalid"),
        ({"amount": 1000}, 422, "invalid"),
        ({"order_id": "A\u0000"}, 400, "unreadable"),
        ({"order_id": ""}, 422, "invalid"),
        ({"evidence": [PDF] * 4}, 422, "invalid"),
        ({"evidence": ["PHN2Zz4="]}, 422, "file_not_usable"),
        ({"evidence": ["not base64!"]}, 422, "invalid"),
        ({"note": "x" * 2_001}, 422, "invalid"),
        ({"outcome": "credited"}, 422, "invalid"),
        ({"member_id": 1}, 422, "invalid"),
    ],
)
def test_what_cannot_be_claimed_is_said_so(
    world: World, shop: Shop, changed: dict[str, Any], status: int, code: str
) -> None:
    response = claim(at(world, day(5)), world.member(), **changed)
    assert (response.status_code, response.get_json()["code"]) == (status, code)
    assert world.query("SELECT FROM claims") == []


def test_nobody_floods_the_staff(world: World, shop: Shop) -> None:
    member = world.member()
    world.click(member, shop, day(0))
    then = at(world, day(5))
    for number in range(10):
        assert claim(then, member, order_id=f"A-{number}").status_code == 201
    assert claim(then, member, order_id="A-11").status_code == 409
    # The same order written otherwise is the same claim.
    other = world.member()
    world.click(other, shop, day(0))
    assert claim(then, other, order_id="A-1").status_code == 201
    assert claim(then, other, order_id="a 1").status_code == 409


def test_words_and_files_are_sealed_and_read_by_staff_alone(world: World, shop: Shop) -> None:
    member = world.member()
    world.click(member, shop, day(0))
    then = at(world, day(5))
    number = claim(then, member).get_json()["id"]
    (kept,) = world.query("SELECT note_sealed FROM claims")
    assert b"link" not in bytes(kept.note_sealed)
    with unit_of_work(world.tools.engine) as session:
        token = hire(session, world.tools.settings.keys, "anna", Role.OPERATOR)
    headers = {"Authorization": f"Bearer {token}"}
    url = f"/admin/api/v1/claims/{number}"
    told = then.client().get(url, headers=headers).get_json()
    assert told["note"] == "bought by the link"
    (file,) = told["files"]
    answer = then.client().get(f"{url}/files/{file['id']}", headers=headers)
    assert answer.data == base64.b64decode(PDF)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert then.client().get(f"{url}/files/999", headers=headers).status_code == 404
    acts = world.query("SELECT action, subject FROM audit_entries ORDER BY id")
    assert [one.action for one in acts] == ["claim.read", "claim.read_file"]
    assert {one.subject for one in acts} == {f"claim:{number}"}
    overdue = then.client().get("/admin/api/v1/claims?overdue=true", headers=headers).get_json()
    assert overdue["items"] == []
    late = at(world, day(16)).client().get("/admin/api/v1/claims?overdue=true", headers=headers)
    assert [one["id"] for one in late.get_json()["items"]] == [number]
