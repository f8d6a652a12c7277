"""The ledger proof sees whatever certificates and entries do not have in common."""

import pytest
from sqlalchemy.exc import IntegrityError

from tests.tracker.certificates.salon import code_for, present, salon_of
from tests.tracker.certificates.saving import buy, give_back_of, issued, rich, save, saved
from tests.world import World, rubles
from tracker.certificates.rules import Limits


@pytest.fixture
def member(world: World) -> int:
    """A member with a certificate of each sort, and none that is off."""
    member = rich(world, world.shop(cashback=1000), 3_000)
    goal = save(world, member, 1_000)
    buy(world, member, 500, goal=goal)
    issued(world)
    (voided,) = buy(world, member, 250)
    give_back_of(world, voided.id)
    buy(world, member, 100)
    assert world.differences() == []
    return member


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE certificates SET amount = amount + 100000 WHERE part = 1 AND id = 1", "1 member"),
        ("UPDATE certificates SET from_goal = 0 WHERE id = 1", "1 from a goal"),
        ("UPDATE certificates SET state = 'voided', voided_at = now() WHERE id = 3", "3 member"),
        ("UPDATE certificates SET state = 'issued', voided_at = NULL WHERE id = 2", "2 member"),
        ("DELETE FROM certificates WHERE id = 1", "1 certificates_outstanding"),
        (
            "INSERT INTO certificates (member_id, order_key, part, amount, from_goal, state,"
            " language, ordered_at) SELECT member_id, 'x', 1, 10000, 0, 'issued', 'ru', now()"
            " FROM certificates WHERE id = 1",
            "4 certificates_outstanding",
        ),
    ],
)
def test_what_is_off_is_told(world: World, member: int, change: str, what: str) -> None:
    _put_aside_the_trigger(world)
    world.change_as_owner(change)
    assert f"certificate {what}" in {one.what for one in world.differences()}


def test_another_members_money_is_told(world: World, member: int) -> None:
    other = world.member()
    _put_aside_the_trigger(world)
    world.change_as_owner("UPDATE certificates SET member_id = :id WHERE id = 3", id=other)
    found = [one for one in world.differences() if one.what == "certificate 3 member"]
    assert {one.found for one in found} == {"0", str(-rubles(100))}


def test_when_a_salon_took_it_is_the_ledgers_word(world: World, member: int) -> None:
    arbat = salon_of(world)
    assert present(world, arbat, code_for(world, 1, member), "R-1").status_code == 200
    assert world.differences() == []
    _put_aside_the_trigger(world)
    world.change_as_owner(
        "UPDATE certificates SET redeemed_at = redeemed_at - interval '40 days' WHERE id = 1"
    )
    assert "certificate 1 redeemed" in {one.what for one in world.differences()}


def test_money_moved_from_one_goal_to_another_is_told(world: World, member: int) -> None:
    other = save(world, member, 3_000)
    first, second = saved(world, member)
    world.change("UPDATE goals SET reserved = 0 WHERE id = 1")
    world.change("UPDATE goals SET reserved = :sum WHERE id = :id", sum=first + second, id=other)
    found = {(one.what, one.expected) for one in world.differences()}
    assert found == {("goal 1 reserved", str(first)), (f"goal {other} reserved", str(second))}


@pytest.mark.parametrize(
    "change",
    [
        "salon_id = 2",
        "receipt_id = 'R-other'",
        "redeemed_at = redeemed_at - interval '40 days'",
        "state = 'issued', redeemed_at = NULL, salon_id = NULL, receipt_id = NULL",
        "state = 'voided', voided_at = now(), redeemed_at = NULL, salon_id = NULL,"
        " receipt_id = NULL",
        "decided_by = 'anna'",
    ],
)
def test_what_a_salon_took_stays_so(world: World, member: int, change: str) -> None:
    """By these columns alone it is known which salon is owed."""
    arbat = salon_of(world)
    salon_of(world, "tverskaya")
    assert present(world, arbat, code_for(world, 1, member), "R-1").status_code == 200
    with pytest.raises(IntegrityError, match="for good"):
        world.change(f"UPDATE certificates SET {change} WHERE id = 1")


def test_none_is_issued_that_nobody_let_pass(world: World) -> None:
    member = rich(world, world.shop(cashback=1000), 20_000)
    (one,) = buy(world, member, 15_000, limits=Limits(10, 10**9, 1_000_000))
    assert one.state == "review"
    for change, why in (
        ("state = 'issued', issued_at = now()", "not to be issued"),
        ("state = 'ordered'", "let pass by somebody"),
        ("decided_by = 'anna'", "let pass by somebody"),
    ):
        with pytest.raises(IntegrityError, match=why):
            world.change(f"UPDATE certificates SET {change}")


def test_no_certificate_goes_back_to_another_members_goal(world: World, member: int) -> None:
    """By its void the other's goal would be filled."""
    foreign = save(world, rich(world, world.shop(cashback=1000), 1_000), 5_000)
    _put_aside_the_trigger(world)
    with pytest.raises(IntegrityError, match="fk_certificates_goal_id_member_id_goals"):
        world.change_as_owner("UPDATE certificates SET goal_id = :id WHERE id = 1", id=foreign)


def _put_aside_the_trigger(world: World) -> None:
    world.change_as_owner("ALTER TABLE certificates DISABLE TRIGGER certificates_keep")
