"""Which runs approve themselves."""

import pytest

from tracker.settlement.self_approval import Limits, Waits, why_it_waits


@pytest.mark.parametrize(
    ("total", "before", "limits", "why"),
    [
        (100, 100, Limits(), Waits.NO_LIMIT),
        (0, 0, Limits(), Waits.NO_LIMIT),
        (101, 101, Limits(100, 50), Waits.ABOVE_TOTAL),
        (100, 100, Limits(100, 0), None),
        (100, None, Limits(100, 50), Waits.NO_MONTH_BEFORE),
        (120, 100, Limits(1_000, 20), None),
        (121, 100, Limits(1_000, 20), Waits.OTHER_THAN_BEFORE),
        (80, 100, Limits(1_000, 20), None),
        (79, 100, Limits(1_000, 20), Waits.OTHER_THAN_BEFORE),
        (1, 0, Limits(1_000, 1_000), Waits.OTHER_THAN_BEFORE),
        (0, 0, Limits(1_000, 0), None),
        (0, 100, Limits(1_000, 99), Waits.OTHER_THAN_BEFORE),
    ],
)
def test_why_a_run_waits(total: int, before: int | None, limits: Limits, why: Waits | None) -> None:
    assert why_it_waits(total, before, limits) == why
