"""How payments meet invoices, and what a payment stands for."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.receivables.rules import (
    Open,
    Part,
    covered,
    matched,
    numbers_in,
    oldest_first,
    spread,
)

JANUARY = Open(1, "2011-000001", date(2011, 2, 15), 10_000)
FEBRUARY = Open(2, "2011-000002", date(2011, 3, 15), 5_000)
MARCH = Open(3, "2011-000003", date(2011, 3, 15), 5_000)
ALL = (MARCH, FEBRUARY, JANUARY)


@pytest.mark.parametrize(
    ("purpose", "numbers"),
    [
        ("", ()),
        ("invoice 2011-000001", ("2011-000001",)),
        ("2011-000002, 2011-000001 and 2011-000002", ("2011-000002", "2011-000001")),
        ("account 12011-0000019", ()),
        ("2011-0000011", ()),
        ("счёт №2011-000003.", ("2011-000003",)),
    ],
)
def test_numbers_are_found_in_a_purpose(purpose: str, numbers: tuple[str, ...]) -> None:
    assert numbers_in(purpose) == numbers


@pytest.mark.parametrize(
    ("amount", "purpose", "parts"),
    [
        (10_000, "", [Part(1, 10_000)]),
        (5_000, "", []),
        (7_000, "", []),
        (7_000, "2011-000001", [Part(1, 7_000)]),
        (7_000, "2011-000002 2011-000003", [Part(2, 5_000), Part(3, 2_000)]),
        (99_000, "2011-000002", [Part(2, 5_000)]),
        (5_000, "2011-000009", []),
        (10_000, "2011-000002", [Part(2, 5_000)]),
    ],
)
def test_a_payment_meets_what_it_names_or_what_has_its_sum(
    amount: int, purpose: str, parts: list[Part]
) -> None:
    assert matched(amount, purpose, ALL) == parts


def test_what_was_due_first_comes_first() -> None:
    assert oldest_first(17_000, ALL) == [Part(1, 10_000), Part(2, 5_000), Part(3, 2_000)]


@given(st.integers(0, 50_000), st.lists(st.integers(1, 20_000), max_size=6))
def test_never_more_than_there_is_nor_than_is_open(amount: int, sums: list[int]) -> None:
    invoices = [
        Open(number, f"2011-{number:06}", date(2011, 1, 1), sum_)
        for number, sum_ in enumerate(sums, 1)
    ]
    parts = spread(amount, invoices)
    assert sum(part.amount for part in parts) == min(amount, sum(sums))
    assert all(0 < part.amount <= sums[part.invoice_id - 1] for part in parts)


@pytest.mark.parametrize(
    ("spent", "paid", "amount", "stands_for"),
    [
        (900, 0, 1_200, 0),
        (900, 1_200, 1_200, 900),
        (900, 600, 1_200, 450),
        (901, 600, 1_200, 450),
        (900, 5_000, 1_200, 900),
        (900, 0, -50, 900),
    ],
)
def test_what_a_payment_stands_for(spent: int, paid: int, amount: int, stands_for: int) -> None:
    assert covered(spent, paid, amount) == stands_for
