"""Voids in parts count together; what a certificate was before stands in the audit."""

from datetime import timedelta

from tests.signing_in import at
from tests.tracker.certificates.salon import DESK, staff
from tests.tracker.certificates.saving import NOW, buy, issued, rich
from tests.world import World, day
from tracker.staff.rules import Role


def test_many_small_voids_are_not_a_large_one_by_one_person(world: World) -> None:
    world = at(world, NOW)
    member = rich(world, world.shop(cashback=1000), 13_000)
    olga = staff(world, "olga", Role.OPERATOR)
    slips = [buy(world, member, 2_500)[0] for _ in range(4)]
    issued(world)
    said = [olga.post(f"{DESK}/{one.id}/void", json={"reason": "x"}).get_json() for one in slips]
    assert [one["state"] for one in said] == ["voided", "voided", "issued", "issued"]
    tomorrow = at(world, NOW + timedelta(days=1, seconds=1))
    later = staff(tomorrow, "vera", Role.OPERATOR)
    another = buy(tomorrow, member, 2_500)[0]
    answer = later.post(f"{DESK}/{another.id}/void", json={"reason": "x"})
    assert answer.get_json()["state"] == "voided"


def test_what_a_certificate_was_before_its_void_stands_in_the_audit(world: World) -> None:
    world = at(world, NOW)
    member = rich(world, world.shop(cashback=1000), 2_000)
    olga = staff(world, "olga", Role.OPERATOR)
    (slip,) = buy(world, member, 1_000)
    issued(world)
    assert olga.post(f"{DESK}/{slip.id}/void", json={"reason": "x"}).status_code == 200
    (row,) = world.query("SELECT before FROM audit_entries WHERE action = 'certificate.void'")
    assert row.before == {"state": "issued"}


def test_what_nobody_voided_does_not_count(world: World) -> None:
    """It was too old: workers took it back."""
    member = rich(world, world.shop(cashback=1000), 7_000)
    buy(world, member, 5_000)
    issued(world, valid_days=1)
    week, later = day(12), at(world, day(12))
    issued(later, now=week)
    (small,) = buy(later, member, 250, now=week)
    issued(later, now=week)
    olga = staff(later, "olga", Role.OPERATOR)
    answer = olga.post(f"{DESK}/{small.id}/void", json={"reason": "x"})
    assert answer.get_json()["state"] == "voided"
