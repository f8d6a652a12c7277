"""The ledger proof sees whatever certificates and entries do not have in common."""

import pytest

from tests.tracker.certificates.saving import buy, give_back_of, issued, rich, save
from tests.world import World, rubles


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
    world.change_as_owner(change)
    assert f"certificate {what}" in {one.what for one in world.differences()}


def test_another_members_money_is_told(world: World, member: int) -> None:
    other = world.member()
    world.change_as_owner("UPDATE certificates SET member_id = :id WHERE id = 3", id=other)
    found = [one for one in world.differences() if one.what == "certificate 3 member"]
    assert {one.found for one in found} == {"0", str(-rubles(100))}
