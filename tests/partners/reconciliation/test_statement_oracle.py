"""Statements and books drawn by chance, against a plain comparison in Python."""

from collections import Counter
from dataclasses import dataclass
from random import Random

import pytest

from partners.reconciliation import matching
from tests.partners.reconciliation.conftest import Desk
from tests.world import cancelled, confirmed, created, day, returned
from tracker.purchases.keys import order_key

DAYS = ("2010-12-01", "2010-12-02", "2010-12-03")


@dataclass
class Ours:
    """An order in our books."""

    order: str
    on: int
    left: int
    word: str


def draw_books(desk: Desk, draw: Random) -> list[Ours]:
    """Orders of one member with all kinds of pasts; sums are few, so that many are alike."""
    books, events = [], {}
    click = desk.world.click(desk.world.member(), desk.shop, day(0))
    for number in range(120):
        order, on, amount = f"A-{number}", draw.randrange(3), draw.choice([100, 200, 300, 500])
        one = Ours(order, on, amount * 100, "open")
        events[f"{order}-c"] = created(order, click, amount, at=day(on))
        match draw.randrange(5):
            case 0:
                events[f"{order}-r"] = returned(order, "R", {"1": 50}, at=day(4))
                one.left -= 5000
            case 1:
                events[f"{order}-x"] = cancelled(order, at=day(4))
                one.left, one.word = 0, "returned"
            case 2:
                events[f"{order}-k"] = confirmed(order, at=day(4))
                one.word = "confirmed"
        books.append(one)
    desk.world.tell_all(desk.shop, events)
    return books


def draw_lines(books: list[Ours], draw: Random) -> list[tuple[str, str, int, str]]:
    """Number, day, kopecks, status; some lost, some changed, some under other numbers."""
    lines = []
    for one in books:
        order, left, word = one.order, one.left, one.word
        match draw.randrange(10):
            case 0:
                continue
            case 1:
                order = order.lower().replace("-", " ")
            case 2:
                order = f"X{draw.randrange(10**9)}"
            case 3:
                left += draw.choice([-1000, 1, 2500])
            case 4:
                word = draw.choice(["open", "confirmed", "returned"])
        lines.append((order, DAYS[one.on], max(1, left), word))
    lines += [
        (f"N{number}", draw.choice(DAYS), draw.choice([10_000, 77_700]), "open")
        for number in range(10)
    ]
    draw.shuffle(lines)
    return lines


def expected(books: list[Ours], lines: list[tuple[str, str, int, str]]) -> set[tuple[str, str]]:
    """Kind and number of every difference."""
    found: set[tuple[str, str]] = set()
    by_number = {one.order: one for one in books}
    by_key = {order_key(one.order): one for one in books}
    paired: dict[int, Ours] = {}
    for place, line in enumerate(lines):
        one = by_number.get(line[0]) or by_key.get(order_key(line[0]))
        if one:
            paired[place] = one
    for place, one in paired.items():
        order, _, told, said = lines[place]
        theirs, word = (0, "returned") if said == "returned" else (told, said)
        if one.left and theirs and theirs != one.left:
            found.add(("amount", order))
        if word != one.word:
            found.add(("status", order))
    known = {one.order for one in paired.values()}
    alone = [
        line for place, line in enumerate(lines) if place not in paired and line[3] != "returned"
    ]
    others = [one for one in books if one.order not in known and one.left]
    many = Counter((line[1], line[2]) for line in alone)
    ours = Counter((DAYS[one.on], one.left) for one in others)
    near = {look for look in many if many[look] == 1 and ours[look] == 1}
    found |= {("near" if line[1:3] in near else "missing_with_us", line[0]) for line in alone}
    found |= {
        ("missing_with_them", one.order) for one in others if (DAYS[one.on], one.left) not in near
    }
    return found


@pytest.mark.parametrize("seed", range(4))
def test_what_is_found_is_what_a_plain_comparison_finds(
    desk: Desk, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In either of the ways in which PostgreSQL is let do it."""
    monkeypatch.setattr(matching, "FEW", 1_000 * (seed % 2))
    draw = Random(seed)
    books = draw_books(desk, draw)
    lines = draw_lines(books, draw)
    rows = [
        (order, on, f"{amount // 100}.{amount % 100:02}", word, "", "")
        for order, on, amount, word in lines
    ]
    statement = desk.sends(*rows)
    found = {(kind, order) for kind, order, *_ in desk.found()}
    assert found == expected(books, lines)
    assert {kind for kind, _ in found} >= {"amount", "status", "missing_with_us"}
    before = desk.found()
    desk.matches_again(statement)
    assert desk.found() == before
