"""Whatever two sets of orders are, the exchange finds exactly where they differ."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.webhooks.totals.exchange import Memory, difference, expected, numbers, question
from tracker.purchases.days import Order, Word
from webhooks.totals import rules

DAY = "2010-12-01"
NUMBERS = st.one_of(
    st.integers(1, 60).map(str),
    st.text("AБ-0😀 z", min_size=1, max_size=4).filter(lambda text: text == text.strip()),
)


@st.composite
def books(draw: st.DrawFn) -> list[Order]:
    return [
        order(name, draw(st.integers(0, 3)), draw(st.booleans())) for name in draw(st.sets(NUMBERS))
    ]


def order(name: str, amount: int, confirmed: bool = False) -> Order:
    said = Word.CONFIRMED if confirmed else Word.OPEN
    return Order(name, amount, said if amount else Word.RETURNED)


@given(books(), books())
def test_two_small_books(ours: list[Order], theirs: list[Order]) -> None:
    assert found(ours, theirs) == expected(ours, theirs)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 6_000),
    st.sets(st.integers(0, 5_999), max_size=60),
    st.sets(st.integers(0, 5_999), max_size=60),
    st.sets(st.integers(0, 5_999), max_size=60),
    st.sets(st.integers(0, 5_999), max_size=60),
)
def test_two_large_books(
    size: int, lost: set[int], extra: set[int], cheaper: set[int], confirmed: set[int]
) -> None:
    theirs = [order(str(one), 5) for one in range(size) if one not in extra]
    ours = [
        order(str(one), 4 if one in cheaper else 5, one in confirmed)
        for one in range(size)
        if one not in lost
    ]
    assert found(ours, theirs) == expected(ours, theirs)


def test_books_of_which_one_is_empty() -> None:
    many = [order(f"{one:05d}", one) for one in range(1, 3_001)]
    assert found([], many) == expected([], many)
    assert found(many, []) == expected(many, [])


def test_orders_in_one_corner_of_the_numbers() -> None:
    """Ours are spread over what they have not got, and theirs crowd where we have none."""
    theirs = [order(f"5{one:05d}", 7) for one in range(4_000)]
    ours = [order(f"{one:04d}", 7) for one in range(4_000)]
    assert found(ours, theirs) == expected(ours, theirs)


def test_one_lost_order_of_fifty_thousand_takes_few_questions() -> None:
    theirs = [order(f"{one:05d}", one) for one in range(1, 50_001)]
    ours = Memory([one for one in theirs if one.order_id != "31415"])
    assert numbers(difference(DAY, theirs, ours.ask))["missing"] == {"31415"}
    assert ours.asked <= 4
    assert ours.largest <= 100


def test_one_order_in_twenty_lost_takes_as_many_questions_as_there_are_thousands() -> None:
    theirs = [order(f"{one:05d}", one) for one in range(1, 10_001)]
    ours = Memory([one for one in theirs if one.amount % 20])
    assert len(numbers(difference(DAY, theirs, ours.ask))["missing"]) == 500
    assert ours.asked <= 15
    assert ours.largest <= rules.MAX_BUCKETS


def test_a_day_without_orders_matches_a_day_without_orders() -> None:
    empty = Memory([])
    assert empty.ask(question(DAY, [])) == {"date": DAY, "status": "match"}


def found(ours: Sequence[Order], theirs: Sequence[Order]) -> dict[str, set[str]]:
    memory = Memory(ours)
    lists = numbers(difference(DAY, theirs, memory.ask))
    assert memory.largest <= rules.MAX_BUCKETS
    return lists
