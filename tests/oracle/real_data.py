"""Where the real invoices lie, when they are at hand: beside the project, never in it."""

from pathlib import Path

import pytest

REAL_INVOICES = Path(__file__).parents[3] / "shared" / "data" / "online_retail_2010-12.csv.gz"
needs_real_data = pytest.mark.skipif(
    not REAL_INVOICES.exists(),
    reason="the real invoices (../shared/data) are not here",
)
