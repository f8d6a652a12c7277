"""What shops say of orders: readable by the front door, whole, and the same each time."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from sandbox.demo.orders import LETTERS_PER_ORDER, Letter, Order, letters_of
from tracker.kit.clock import MOSCOW
from tracker.kit.money import parse_rubles
from webhooks.adapters import native

BEGIN = datetime(2010, 12, 20, tzinfo=MOSCOW)
ORDERS = [
    Order(f"t-{number}", "a-shop", "books", f"clk_{number}", BEGIN + timedelta(hours=number))
    for number in range(400)
]


@pytest.fixture(scope="module")
def letters() -> list[list[Letter]]:
    """All letters, by order."""
    return [list(letters_of(order)) for order in ORDERS]


def told(letters: list[list[Letter]], kind: str) -> Iterator[Any]:
    for of_an_order in letters:
        for letter in of_an_order:
            if letter.type == f"purchase.{kind}":
                yield of_an_order[0].data, letter.data


def test_every_letter_can_be_read(letters: list[list[Letter]]) -> None:
    for of_an_order in letters:
        for letter in of_an_order:
            native.read(letter.body())


def test_an_order_is_told_at_once_and_the_rest_after_it(letters: list[list[Letter]]) -> None:
    for order, (first, *later) in zip(ORDERS, letters, strict=True):
        assert (first.type, first.due) == ("purchase.created", order.ordered_at)
        assert all(letter.due > first.due for letter in later)
        assert all(letter.data["order_id"] == order.order_id for letter in later)


def test_ids_are_unique_and_bodies_never_change(letters: list[list[Letter]]) -> None:
    ids = Counter(letter.webhook_id for of_an_order in letters for letter in of_an_order)
    assert set(ids.values()) == {1}
    again = [list(letters_of(order)) for order in ORDERS]
    assert [letter.body() for each in again for letter in each] == [
        letter.body() for each in letters for letter in each
    ]


def test_all_kinds_of_things_happen(letters: list[list[Letter]]) -> None:
    kinds = Counter(letter.type for of_an_order in letters for letter in of_an_order)
    assert set(kinds) == {
        f"purchase.{kind}" for kind in ("created", "updated", "confirmed", "returned", "cancelled")
    }
    sent = sum(letter.copies for of_an_order in letters for letter in of_an_order)
    assert sent / len(letters) == pytest.approx(LETTERS_PER_ORDER, abs=0.1)
    assert any(letter.copies > 1 for of_an_order in letters for letter in of_an_order)


def test_a_part_given_back_is_less_than_was_sold(letters: list[list[Letter]]) -> None:
    in_part = [(sold, back) for sold, back in told(letters, "returned") if "lines" in back]
    assert in_part
    for sold, back in in_part:
        (line,) = back["lines"]
        whole = {one["line_id"]: one for one in sold["lines"]}
        assert parse_rubles(line["amount"]) == parse_rubles(whole[line["line_id"]]["amount"])
        assert len(whole) > 1


def test_an_update_names_the_same_click_and_moment(letters: list[list[Letter]]) -> None:
    updates = list(told(letters, "updated"))
    assert updates
    for before, after in updates:
        assert (before["click_id"], before["ordered_at"]) == (
            after["click_id"],
            after["ordered_at"],
        )
        assert json.dumps(before["lines"]) != json.dumps(after["lines"])
