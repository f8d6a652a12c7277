"""One code at fifty tills at once, and beside voids, approvals and new codes: one of them wins."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.races.held import somebody_waits, wait_until
from tests.races.together import raised, together
from tests.signing_in import at
from tests.tracker.certificates.salon import (
    DESK,
    Paper,
    Salon,
    code_for,
    paper,
    present,
    salon_of,
    staff,
    told,
)
from tests.tracker.certificates.saving import NOW, states
from tests.world import Shop, World
from tracker.certificates.giving_back import give_back
from tracker.certificates.redeeming import Receipt, redeem
from tracker.kit.database import unit_of_work
from tracker.staff.rules import Role

TILLS = 50
LATE = (409, "certificate_redeemed")
WRONG = (404, "code_not_accepted")
WHY = {"reason": "a mistake"}


@pytest.fixture
def world(world: World) -> World:
    return at(world, NOW)


@pytest.fixture
def shop(world: World) -> Shop:
    return world.shop(cashback=1000)


@pytest.fixture
def salons(world: World) -> list[Salon]:
    return [salon_of(world, slug) for slug in ("arbat", "nevsky")]


@pytest.fixture
def slip(world: World, shop: Shop) -> Iterator[Paper]:
    """A certificate; in the end it was taken once, or not at all."""
    yield paper(world, shop)
    kinds = Counter(row.kind for row in world.query("SELECT kind FROM ledger_transactions"))
    ended = kinds["certificate_redeemed"], kinds["certificate_voided"]
    assert ended in ((1, 0), (0, 1))
    assert states(world) == ["redeemed" if ended[0] else "voided"]
    assert world.differences() == []


def test_fifty_receipts_and_one_code(world: World, salons: list[Salon], slip: Paper) -> None:
    answers = together(
        *(
            lambda number=number: present(world, salons[number % 2], slip.code, f"R-{number}")
            for number in range(TILLS)
        )
    )
    assert not raised(answers)
    won = [one for one in answers if one.status_code == 200]  # type: ignore[union-attr]
    lost = [told(one) for one in answers if one not in won]  # type: ignore[arg-type]
    assert lost == [LATE] * (TILLS - 1)
    (row,) = world.query("SELECT receipt_id FROM certificates")
    assert won[0].get_json()["receipt_id"] == row.receipt_id  # type: ignore[union-attr]


def test_one_receipt_sent_fifty_times_at_once(
    world: World, salons: list[Salon], slip: Paper
) -> None:
    answers = together(*[lambda: present(world, salons[0], slip.code, "R-1").data] * TILLS)
    assert not raised(answers)
    (said,) = set(answers)
    assert json.loads(str(said, "utf-8"))["receipt_id"] == "R-1"  # type: ignore[arg-type]


def test_a_salon_beside_a_void(world: World, salons: list[Salon], slip: Paper) -> None:
    olga = staff(world, "olga", Role.OPERATOR)
    path = f"{DESK}/{slip.id}/void"
    answers = together(
        *[lambda: present(world, salons[0], slip.code, "R-1").status_code] * 8,
        *[lambda: olga.post(path, json=WHY).status_code] * 8,
    )
    assert not raised(answers)
    taken, voided = answers[:8], answers[8:]
    if states(world) == ["redeemed"]:
        assert (set(taken), set(voided)) == ({200}, {409})
    else:
        assert (set(taken), sorted(voided)) == ({404}, [200] + [409] * 7)  # type: ignore[type-var]


def test_a_void_that_waits_for_the_salon_finds_it_taken(
    world: World, salons: list[Salon], slip: Paper
) -> None:
    olga = staff(world, "olga", Role.OPERATOR)
    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(world.tools.engine) as session:
            redeem(session, world.tools.settings.keys, slip.code, Receipt("R-1", 1), NOW)
            late = pool.submit(olga.post, f"{DESK}/{slip.id}/void", json=WHY)
            wait_until(lambda: somebody_waits(world))
        assert told(late.result()) == (409, "certificate_over")


def test_a_salon_that_waits_for_the_void_finds_nothing(
    world: World, salons: list[Salon], slip: Paper
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(world.tools.engine) as session:
            give_back(session, slip.id, NOW, "a mistake")
            late = pool.submit(present, world, salons[0], slip.code)
            wait_until(lambda: somebody_waits(world))
        assert told(late.result()) == WRONG


def test_a_code_that_dies_while_the_salon_waits_is_dead(
    world: World, salons: list[Salon], slip: Paper
) -> None:
    codes: list[str] = []
    for _ in range(5):
        asked = threading.Barrier(2)

        def show(asked: threading.Barrier = asked) -> str:
            asked.wait()
            return code_for(world, slip.id, slip.member)

        def take(asked: threading.Barrier = asked) -> int:
            asked.wait()
            return present(world, salons[0], (codes or [slip.code])[-1], "R-1").status_code

        fresh, status = together(show, take)
        if status == 200:
            break
        codes.append(str(fresh))
    else:
        assert present(world, salons[0], codes[-1]).status_code == 200
    assert states(world) == ["redeemed"]


def test_two_approvals_at_once_and_a_salon(world: World, shop: Shop, salons: list[Salon]) -> None:
    big = paper(world, shop, 6_000)
    anna, boris = (staff(world, name, Role.APPROVER) for name in ("anna", "boris"))
    olga = staff(world, "olga", Role.OPERATOR)
    proposals = together(*[lambda: olga.post(f"{DESK}/{big.id}/void", json=WHY).status_code] * 6)
    assert sorted(proposals) == [200] + [409] * 5  # type: ignore[type-var]
    path = f"{DESK}/voids/1/approve"
    answers = together(
        *[lambda: anna.post(path, json=WHY).status_code] * 4,
        *[lambda: boris.post(path, json=WHY).status_code] * 4,
        *[lambda: present(world, salons[0], big.code, "R-1").status_code] * 4,
    )
    assert not raised(answers)
    approved, taken = sorted(answers[:8]), answers[8:]  # type: ignore[type-var]
    if states(world) == ["redeemed"]:
        assert (set(approved), set(taken)) == ({409}, {200})
    else:
        assert (approved, set(taken)) == ([200] + [409] * 7, {404})
    assert world.differences() == []
