"""Who leaves with certificates whose code nobody has seen gives them up, and is told so."""

import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.races.held import somebody_waits, wait_until
from tests.signing_in import at
from tests.tracker.certificates.salon import DESK, code_for, present, salon_of, staff
from tests.tracker.certificates.saving import NOW, buy, issued, rich, states
from tests.world import World, rubles
from tracker.certificates.codes import RANDOM_BITS, grouped
from tracker.certificates.rules import Limits
from tracker.certificates.showing import show
from tracker.kit.database import unit_of_work
from tracker.privacy.erasure import erase, what_is_lost
from tracker.privacy.rules import BalanceDiffers
from tracker.staff.rules import Role

WHY = {"reason": "odd"}
LIMITS = Limits(10, 10**9, 1_000_000)


@pytest.fixture
def world(world: World) -> World:
    return at(world, NOW)


def leaves(world: World, member: int) -> int:
    with unit_of_work(world.tools.engine) as session:
        lost = what_is_lost(session, member)
        erase(session, member, lost, NOW)
    return lost


@pytest.mark.parametrize("work", [False, True])
def test_what_nobody_could_use_is_given_up(world: World, work: bool) -> None:
    member = rich(world, world.shop(cashback=1000), 3_000)
    buy(world, member, 2_500)
    if work:
        issued(world)
    assert leaves(world, member) == rubles(3_000)
    assert states(world) == ["voided"]
    assert world.differences() == []


def test_a_code_that_was_shown_is_good_for_whoever_has_it(world: World) -> None:
    member = rich(world, world.shop(cashback=1000), 3_000)
    (one,) = buy(world, member, 2_500)
    issued(world)
    code = code_for(world, one.id, member)
    assert leaves(world, member) == rubles(500)
    assert present(world, salon_of(world), code).status_code == 200
    assert world.differences() == []


def test_nothing_of_whoever_left_is_let_pass(world: World) -> None:
    member = rich(world, world.shop(cashback=1000), 20_000)
    (one,) = buy(world, member, 15_000, limits=LIMITS)
    leaves(world, member)
    olga = staff(world, "olga", Role.OPERATOR)
    assert olga.post(f"{DESK}/{one.id}/release", json=WHY).status_code == 409


def test_what_is_asked_to_be_voided_is_not_let_pass_meanwhile(world: World) -> None:
    member = rich(world, world.shop(cashback=1000), 20_000)
    (one,) = buy(world, member, 15_000, limits=LIMITS)
    olga, petr = staff(world, "olga", Role.OPERATOR), staff(world, "petr", Role.OPERATOR)
    assert olga.post(f"{DESK}/{one.id}/void", json=WHY).status_code in (200, 202)
    refused = petr.post(f"{DESK}/{one.id}/release", json=WHY)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "void_waits")


def test_the_key_of_an_order_is_personal_and_goes(world: World) -> None:
    member = rich(world, world.shop(cashback=1000), 3_000)
    buy(world, member, 1_000, key="anna@example.org", split=True)
    leaves(world, member)
    assert "anna@example.org" not in str(world.query("SELECT t::text AS w FROM certificates t"))


def test_a_code_told_in_the_same_moment_is_good_or_leaving_is_asked_again(world: World) -> None:
    member = rich(world, world.shop(cashback=1000), 3_000)
    (one,) = buy(world, member, 2_500)
    issued(world)
    keys, chance = world.tools.settings.keys, secrets.randbits(RANDOM_BITS)

    def leave() -> None:
        with unit_of_work(world.tools.engine) as session:
            erase(session, member, rubles(3_000), NOW)

    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(world.tools.engine) as session:
            code = grouped(show(session, keys, one.id, member, NOW, chance=chance).code)
            leaving = pool.submit(leave)
            wait_until(lambda: somebody_waits(world) or leaving.done())
        with pytest.raises(BalanceDiffers):
            leaving.result(20)
    assert present(world, salon_of(world), code).status_code == 200


def test_whatever_its_orders_are_called_a_member_may_leave(world: World) -> None:
    member = rich(world, world.shop(cashback=1000), 3_000)
    (one,) = buy(world, member, 100, key="k")
    buy(world, member, 100, key=f"erased:{one.id}")
    assert leaves(world, member) == rubles(3_000)
