"""The real invoices through the real stack: minutes, so `make test ARGS="-m slow"` asks for it."""

import pytest

from tests.oracle.real_data import REAL_INVOICES, needs_real_data
from tests.replay.running import expected, replay

pytestmark = [pytest.mark.slow, needs_real_data]


@pytest.mark.parametrize(
    ("copies", "arguments"), [(1, ()), (3, ("--copies", "3", "--shuffle", "7"))]
)
def test_the_real_invoices_come_to_the_oracles_figures(
    copies: int, arguments: tuple[str, ...]
) -> None:
    summary = replay(REAL_INVOICES, *arguments, "--json").summary
    assert summary == expected(REAL_INVOICES, events=34_239, copies=copies)
    assert summary["paid_out"] == 13_593_694_44
