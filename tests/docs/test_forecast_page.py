"""docs/finance/forecast.md shows what there is to be seen, and states what the sweep demands."""

import json
import re

from tests.docs.pages import blocks, page
from tracker.forecast.making import KNOWN_BY
from tracker.forecast.queries import ENOUGH
from tracker.forecast.schemas import ForecastCostSchema, ForecastSchema
from tracker.forecast.unlike import WATCHED

PAGE = page("finance/forecast.md")


def test_the_answer_has_these_fields() -> None:
    (shown,) = [json.loads(one.text) for one in blocks(PAGE) if one.text.startswith("{")]
    assert list(shown) == list(ForecastSchema().fields)
    assert all(list(one) == list(ForecastCostSchema().fields) for one in shown["costs"])


def test_the_figures_are_the_products() -> None:
    assert f"fewer than {ENOUGH} purchases" in PAGE
    assert f"needs {KNOWN_BY} purchases" in PAGE
    assert WATCHED == 8 * 7


def test_what_is_stated_of_the_sweep_is_within_what_it_demands() -> None:
    stated = re.findall(r"^\|.*\| ([\d.]+) % \| ([\d.]+) % \| ([+-][\d.]+) % \|$", PAGE, re.M)
    assert len(stated) == 4
    for covered, off, bias in stated:
        assert 75 <= float(covered) <= 85
        assert abs(float(bias)) <= float(off) <= 5
