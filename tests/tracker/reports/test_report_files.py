"""Files of reports: no spreadsheet obeys them, and of a closed month they are always the same."""

import csv
import io
import random
from datetime import UTC, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.partners.receivables.books import issued
from tests.signing_in import at
from tests.stories.closing import LATER, close, run_closed
from tests.stories.months import FIRST, earns
from tests.tracker.reports.asking import Auditor
from tests.world import World, confirmed, created, day
from tracker.kit.csvfiles import CELL_IN_SQL, CELL_VALUES, cell
from tracker.kit.database import snapshot
from tracker.reports.contracts import Question
from tracker.reports.rules import Format
from wiring.reports import REPORTS

FORMULA = '7;=HYPERLINK("http://x.example")'

WORDS = (
    "plain",
    "",
    "7;=1+1",
    "a;\t =1",
    "b\t+2;-3",
    "c; \uff1dSUM(A1)",
    "d;\u00a0@x",
    "чай;=1",
    "чай;зелёный",
    ";=1",
    ";;=1",
    "\t;=1",
    "-2;-2",
    "=1+1",
    " +1",
    "\u00a0-1",
    "\u3000\uff20",
    "\r=1",
    "\n1",
    "[=1",
    "x\n;=1",
    "it's;'=1",
    '7;"=1',
    '7; " "" -1',
    '"=1',
    '" "+1',
    "x\n=1",
    "x\r\n @1",
    'x\n"=1',
    "x\ny",
    'x"=1',
    "чай\n=1",
)


ODD = [
    *"=+-@;,\t\r\n\"' aZ09[]_^\x0b\x0c\x1c\x85\xa0\u1680\u2003\u2028\u3000\uff1d\uff20я\u200b\x01"
]


def test_the_database_makes_cells_as_we_do(world: World) -> None:
    chance = random.Random(5)
    words = [*WORDS, *("".join(chance.choices(ODD, k=chance.randint(0, 6))) for _ in range(9999))]
    made = text(f"SELECT {CELL_IN_SQL.format('said')} FROM unnest(CAST(:words AS text[])) AS said")
    with snapshot(world.tools.engine) as session:
        found = session.scalars(made, {"words": words, **CELL_VALUES}).all()
    assert found == [cell(one) for one in words]


@pytest.mark.parametrize(
    ("told", "made"),
    [
        ("7;=1", "7;'=1"),
        (";=1", ";'=1"),
        ("a\t=1;-2", "a\t'=1;'-2"),
        ("a;b", "a;b"),
        ("+1", "'+1"),
        ('7;"=1', "7;\"'=1"),
        ('"=1', "'\"=1"),
        ("x\n=1", "x\n'=1"),
        ('a"b', 'a"b'),
    ],
)
def test_a_cell_is_harmless_wherever_cells_are_parted(told: str, made: str) -> None:
    assert cell(told) == made


@pytest.mark.parametrize("begins", ['7;"', "7;", '"', '";"', "x\n", 'x\r\n"', '\n;"" "'])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("delimiter", [";", "\t", ","])
def test_no_cell_of_a_file_begins_as_a_formula_however_it_is_read(
    begins: str, quoting: Any, delimiter: str
) -> None:
    file = io.StringIO(newline="")
    row = [cell(begins + "=HYPERLINK(A1)")] * 3
    csv.writer(file, quoting=quoting).writerows([row, ["plain", *row]])
    for line in csv.reader(io.StringIO(file.getvalue(), newline=""), delimiter=delimiter):
        assert [one for one in line if one.strip().startswith("=")] == []


@pytest.mark.parametrize(
    ("number", "made"), [(FORMULA, "7;'=HYPERLINK"), ('7;"=HYPERLINK(A1)', '7;""\'=HYPERLINK')]
)
def test_a_shops_order_number_is_no_formula_where_semicolons_part_cells(
    world: World, number: str, made: str
) -> None:
    shop, member = world.shop("tea"), world.member()
    world.tell(shop, created(number, world.click(member, shop), 3000, at=day(1)))
    world.tell(shop, confirmed(number, at=day(1)))
    world.settle("2011-01", FIRST)
    run_closed(world, "2011-01")
    close(world, "2010-12")
    issued(world)
    asked = {"format": "csv", "as_of": "2011-02-15T00:00:00+03:00"}
    body = Auditor(world).file("invoice-lines", **asked).decode()
    assert made in body


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize("name", ["liability", "aging", "journal"])
def test_the_same_question_of_a_closed_month_gives_the_same_bytes(
    world: World, form: Format, name: str
) -> None:
    shop, member = world.shop("tea"), world.member()
    earns(world, shop, member, 300)
    world.settle("2011-01", FIRST)
    run_closed(world, "2011-01")
    close(world, "2010-12")
    asked = {"format": str(form), "period": "2010-12"}
    first = Auditor(at(world, LATER)).file(name, **asked)
    later = at(world, LATER + timedelta(days=1))
    assert Auditor(later, "anna").file(name, **asked) == first


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_the_books_of_a_month_are_asked_for_as_of_no_moment(world: World, name: str) -> None:
    report = REPORTS[name]
    if Question.PERIOD not in report.takes:
        return
    later = Auditor(at(world, LATER))
    moment = "2011-01-20T00:00:00+03:00"
    told = later.get(f"/{name}", period="2010-12", as_of=moment)
    if report.period_picks:
        assert told.get_json()["as_of"] == "2011-01-20T00:00:00+03:00"
        return
    assert (told.status_code, told.get_json()["errors"][0]["field"]) == (422, "as_of")
    books = later.get(f"/{name}", period="2010-12").get_json()
    assert books["as_of"] == "2010-12-31T20:59:59.999999+00:00"
    going_on = later.get(f"/{name}", period="2011-02").get_json()
    assert going_on["as_of"] == LATER.astimezone(UTC).isoformat()
