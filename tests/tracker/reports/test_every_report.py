"""All reports: each is read, adds up, and looks the same in every kind of file."""

import csv
import io
import json
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import load_workbook

from partners.receivables.funding import reckon
from tests.partners.receivables.books import issued
from tests.stories.closing import close, run_closed
from tests.tracker.reports.asking import Auditor, lines, reading, totals, written
from tests.tracker.reports.pasts import is_recorded_long_ago, lives_through_a_winter, sums_up
from tests.world import World, day
from tracker.kit.csvfiles import cell
from tracker.kit.database import unit_of_work
from tracker.ledger.rules import Kind
from tracker.reports.books.flows import FLOWS
from tracker.reports.contracts import Of, Question
from tracker.reports.questions import as_text, shown
from tracker.reports.rules import Format
from wiring.reports import REPORTS


@pytest.fixture
def winter(world: World) -> World:
    """A world with a past, of which half is summed up, and a month is closed and invoiced."""
    lives_through_a_winter(world)
    run_closed(world, "2011-01")
    close(world, "2010-12")
    issued(world)
    with unit_of_work(world.tools.engine) as session:
        reckon(session, day(64).date())
    is_recorded_long_ago(world)
    sums_up(world, days=3)
    return world


def test_every_kind_of_movement_has_its_column() -> None:
    assert set(FLOWS) == set(Kind)


def test_every_report_is_told_of_in_words() -> None:
    for one in REPORTS.values():
        assert one.about
        assert set(one.totals) <= {column.name for column in one.columns}
        assert {one.column(name).of for name in one.totals} <= {Of.KOPECKS, Of.COUNT}
        assert (one.figure is None) == (not one.figures)


def questions(name: str) -> list[dict[str, Any]]:
    """What it can be asked, in several ways."""
    takes = REPORTS[name].takes
    asked: list[dict[str, Any]] = [{}, {"as_of": day(35)}]
    if Question.PERIOD in takes:
        asked.append({"period": "2011-01"})
    if Question.SINCE in takes:
        asked.append({"since": date(2010, 12, 1), "as_of": day(70)})
    if Question.KNOWN_AT in takes:
        asked.append({"known_at": datetime.fromisoformat("2000-01-01T00:00:00+00:00")})
    if Question.SHOP in takes:
        asked.append({"shop": 1, "as_of": day(70)})
    return asked


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_it_looks_the_same_in_every_kind_of_file(winter: World, name: str) -> None:
    seen = 0
    for asked in questions(name):
        with reading(winter, name, **asked) as found:
            columns, rows = found.report.columns, list(found.rows())
            sums = dict(found.totals or {})
        seen += len(rows)
        texts = [
            [
                cell(as_text(column.of, value))
                if column.of in (Of.TEXT, Of.WORD)  # of a word it leaves everything as it is
                else as_text(column.of, value)
                for column, value in zip(columns, row, strict=True)
            ]
            for row in rows
        ]
        told = list(csv.reader(io.StringIO(written(winter, name, Format.CSV, **asked).decode())))
        assert told == [[column.name for column in columns], *texts]
        document = json.loads(written(winter, name, Format.JSON, **asked))
        assert [list(line.values()) for line in document["lines"]] == [
            [shown(column.of, value) for column, value in zip(columns, row, strict=True)]
            for row in rows
        ]
        book = load_workbook(io.BytesIO(written(winter, name, Format.XLSX, **asked)))
        sheet = list(book["lines 1"].values)
        assert len(sheet) == 1 + len(rows) + bool(sums and rows) or not rows
        assert list(sheet[0]) == [column.name for column in columns]
        assert set(book.sheetnames) == {"lines 1", "about"}
        for place, total in sums.items():
            at = [column.name for column in columns].index(place)
            assert total == sum(row[at] or 0 for row in rows)
    assert seen, "nothing was ever in it"


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_the_same_question_has_the_same_bytes(winter: World, name: str) -> None:
    for form in Format:
        assert written(winter, name, form) == written(winter, name, form)


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_it_does_not_depend_on_what_is_summed_up(world: World, name: str) -> None:
    lives_through_a_winter(world)
    is_recorded_long_ago(world)
    before = [lines(world, name, **asked) for asked in questions(name)]
    assert sums_up(world)
    assert [lines(world, name, **asked) for asked in questions(name)] == before


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_it_is_told_over_http(winter: World, name: str) -> None:
    auditor = Auditor(winter)
    told = auditor.get(f"/{name}")
    assert told.status_code == 200, told.get_json()
    document = told.get_json()
    assert document["complete"]
    columns = [column.name for column in REPORTS[name].columns]
    assert all(sorted(line) == sorted(columns) for line in document["lines"])
    assert set(document.get("totals", ())) == set(REPORTS[name].totals)
    refused = auditor.get(f"/{name}", colour="red")
    assert (refused.status_code, refused.get_json()["code"]) == (422, "invalid")
    for question in set(Question) - REPORTS[name].takes:
        assert auditor.get(f"/{name}", **{question: "2011-01-01"}).status_code == 422


def test_all_accounts_come_to_nothing(winter: World) -> None:
    for asked in questions("trial-balance"):
        assert set(totals(winter, "trial-balance", **asked).values()) == {0}


def test_what_is_longer_is_cut_and_says_so(winter: World) -> None:
    told = Auditor(winter).get("/journal", limit=3, since="2010-12-01").get_json()
    assert len(told["lines"]) == 3
    assert not told["complete"]
    assert told["totals"] is None
    whole = Auditor(winter, "anna").get("/journal", since="2010-12-01").get_json()
    assert whole["totals"]["debit"] == whole["totals"]["credit"]


def test_of_one_that_is_not_there_it_is_told_which_are(world: World) -> None:
    told = Auditor(world).get("/nosuch").get_json()
    assert (told["status"], told["code"]) == (404, "report_not_found")
    assert all(name in told["detail"] for name in REPORTS)


def test_the_list_tells_what_there_is(winter: World) -> None:
    told = Auditor(winter).get("").get_json()["items"]
    assert {one["name"] for one in told} == set(REPORTS)
