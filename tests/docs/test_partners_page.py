"""docs/finance/partners.md is true: its requests are sent, its answers hold."""

import json
import re
from typing import Any

import pytest

from partners.receivables import reports
from partners.receivables.rules import MAX_WORKBOOK_LINES
from partners.receivables.schemas import LentSchema
from tests.docs.pages import blocks, code, page, table
from tests.partners.receivables.books import december, labour
from tests.stories.test_closing_over_http import Office
from tests.world import World
from tracker.reports.contracts import Report

PAGE = page("finance/partners.md")


@pytest.fixture
def office(world: World) -> Office:
    """December is closed; tea owes 360.00 of it, books 120.00."""
    december(world)
    return Office(world)


def sent(office: Office, call: str) -> Any:
    """What a request of the page is answered, once workers have done what it asks for."""
    path = re.findall(r'"\$API(/\S*)"', call)[0]
    who = re.findall(r"Bearer \$(\w+)", call)[0].lower()
    method = re.findall(r"-X (\w+)", call) or ["GET"]
    body = re.findall(r"-d '(.*)'", call)
    answer = office.world.client().open(
        path,
        method=method[0],
        json=json.loads(body[0]) if body else None,
        headers={"Authorization": f"Bearer {office.tokens[who]}"},
    )
    assert answer.status_code < 300, answer.get_json()
    labour(office.world)
    return answer.get_json()


def shown_of(shown: Any, got: Any) -> Any:
    """Of an answer what the page shows of it."""
    if isinstance(shown, dict):
        return {name: shown_of(value, got[name]) for name, value in shown.items()}
    if isinstance(shown, list):
        assert len(shown) == len(got)
        return [shown_of(*pair) for pair in zip(shown, got, strict=True)]
    return got


def test_a_reader_who_sends_what_the_page_sends_hears_what_it_shows(office: Office) -> None:
    got: Any = None
    for one in blocks(PAGE):
        if one.language == "sh":
            got = sent(office, one.text)
        else:
            shown = json.loads(one.text)
            assert shown_of(shown, got) == shown
    assert office.world.differences() == []


def test_what_is_lent_has_these_fields() -> None:
    told = {
        name for row in table(PAGE, "What we lend to shops").rows for name in code(row["field"])
    }
    assert told == set(LentSchema().fields) - {"shop", "above_limit"}


def test_the_reports_are_these() -> None:
    defined = {one.name for one in vars(reports).values() if isinstance(one, Report)}
    assert {code(row["report"])[0] for row in table(PAGE, "As reports").rows} == defined


def test_the_limit_of_a_workbook_is_this() -> None:
    assert f"{MAX_WORKBOOK_LINES:,} lines" in PAGE
