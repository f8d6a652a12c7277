"""Whether an order may be credited to the click it names."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.clicks.rules import Click, OnHoldEnd, Terms, Unattributed, why_unattributed
from tracker.kit.clock import MOSCOW

CLICKED = datetime(2010, 12, 1, tzinfo=UTC)
WINDOW = timedelta(days=30)
CLICK = Click("clk_1", 1, 3, CLICKED, CLICKED + WINDOW, Terms(1_000, 1_200, 30, OnHoldEnd.CONFIRM))


def why(
    click_id: str | None = "clk_1",
    click: Click | None = CLICK,
    *,
    shop_id: int = 3,
    after: timedelta = timedelta(),
) -> Unattributed | None:
    return why_unattributed(click_id, click, shop_id=shop_id, ordered_at=CLICKED + after)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (timedelta(), None),
        (timedelta(days=30) - timedelta(microseconds=1), None),
        (timedelta(days=30), Unattributed.OUTSIDE_WINDOW),
        (timedelta(days=30, seconds=1), Unattributed.OUTSIDE_WINDOW),
        (timedelta(days=-1), None),
    ],
    ids=["at once", "the last moment", "the moment after", "later", "a shop's clock is off"],
)
def test_the_window_is_half_open(after: timedelta, expected: Unattributed | None) -> None:
    assert why(after=after) is expected


def test_each_reason_by_its_name() -> None:
    assert why(None, None) is Unattributed.NO_CLICK_ID
    assert why("", None) is Unattributed.NO_CLICK_ID
    assert why("clk_9", None) is Unattributed.UNKNOWN_CLICK
    assert why(shop_id=4) is Unattributed.CLICK_OF_ANOTHER_SHOP


@given(st.timedeltas(timedelta(days=-100), timedelta(days=100)))
def test_the_window_does_not_depend_on_how_a_moment_is_written(after: timedelta) -> None:
    east = CLICKED.astimezone(MOSCOW) + after
    found = why_unattributed("clk_1", CLICK, shop_id=3, ordered_at=east)
    assert found is why(after=after)
