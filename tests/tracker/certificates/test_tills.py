"""What tills and people send for a code, and a salon that is shut for its misses."""

import pytest

from tests.signing_in import at
from tests.tracker.certificates.salon import DESK, code_for, paper, present, salon_of, staff
from tests.tracker.certificates.saving import NOW, buy, issued, rich
from tests.world import World
from tracker.certificates.codes import RANDOM_BITS, code_of, grouped, read_code
from tracker.staff.rules import Role

CODE = code_of(2**RANDOM_BITS // 3)


@pytest.fixture
def world(world: World) -> World:
    return at(world, NOW)


@pytest.mark.parametrize("tail", ["\r", "\n", "\r\n", "\t", "\u00a0", "\u200b"])
def test_what_a_scanner_adds_does_not_matter(tail: str) -> None:
    assert read_code(grouped(CODE) + tail) == CODE


@pytest.mark.parametrize("dash", ["\u2010", "\u2011", "\u2013", "\u2212", " - "])
def test_hyphens_of_all_kinds(dash: str) -> None:
    assert read_code(grouped(CODE).replace("-", dash)) == CODE


def test_letters_of_another_keyboard_that_look_alike() -> None:
    cyrillic = str.maketrans("ABCEHKMPTX", "АВСЕНКМРТХ")
    for number in range(50):
        code = code_of(number * 7**30 % 2**RANDOM_BITS)
        assert read_code(code.translate(cyrillic)) == code
        assert read_code(code.translate(cyrillic).lower()) == code


def test_a_salon_that_is_shut_is_still_told_what_it_took(world: World) -> None:
    member = rich(world, world.shop(cashback=1000), 2_000)
    (one,) = buy(world, member, 1_000)
    issued(world)
    salon, code = salon_of(world), code_for(world, one.id, member)
    assert present(world, salon, code, "R-1").status_code == 200
    for _ in range(100):
        present(world, salon, "typed badly")
    assert present(world, salon, "typed badly").status_code == 429
    assert present(world, salon, code, "R-1").status_code == 200
    assert present(world, salon, code, "R-2").status_code == 429


def test_asking_too_early_costs_no_code(world: World) -> None:
    member = rich(world, world.shop(cashback=1000), 3_000)
    app = world.signed_in(member)
    (one,) = buy(world, member, 1_000)
    for _ in range(30):
        assert app.post(f"/api/v1/certificates/{one.id}/code").status_code == 409
    issued(world)
    assert app.post(f"/api/v1/certificates/{one.id}/code").status_code == 200


def test_what_fits_into_no_day_is_not_put_off_until_tomorrow(world: World) -> None:
    member = rich(world, world.shop(cashback=1000), 250_000)
    wish = {"amount": "200000.00", "split": True}
    answer = world.signed_in(member).post("/api/v1/certificates", json=wish)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "order_too_large")


def test_no_cell_is_a_formula_where_semicolons_part_them(world: World) -> None:
    salon, slip = salon_of(world), paper(world, world.shop(cashback=1000))
    receipt = '7;=HYPERLINK("http://x.example")'
    assert present(world, salon, slip.code, receipt).status_code == 200
    file = staff(world, "olga", Role.OPERATOR).get(f"{DESK}/export").get_data(as_text=True)
    cells = [one.strip(' "') for line in file.splitlines() for one in line.split(";")]
    assert [one for one in cells if one[:1] in ("=", "+", "@")] == []
