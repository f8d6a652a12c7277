"""`tracker statements …`: from a file to books that agree, on the console."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import wsgi
from partners.reconciliation.cli import build
from partners.reconciliation.rules import FileEmpty, FindingsChanged
from tests.partners.reconciliation.conftest import OWN, Desk
from tests.partners.reconciliation.sheets import book
from tracker.kit.csvfiles import FileInvalid
from tracker.kit.database import unit_of_work
from tracker.staff.rules import Role, TokenNotAccepted
from tracker.staff.service import hire

DATES = ("--from", "2010-12-01", "--to", "2010-12-31")
HEADER = "order,day,sum,status,commission,click\n"


def run(desk: Desk, *words: Any) -> Result:
    group = build(wsgi.programme_of)
    return CliRunner().invoke(group, [str(word) for word in words], obj=lambda: desk.world.tools)


def told(desk: Desk, *words: Any) -> Any:
    result = run(desk, *words)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_from_a_file_to_books_that_agree(desk: Desk, tmp_path: Path) -> None:
    desk.buys("A-1", 1000)
    file = tmp_path / "december.csv"
    file.write_text(HEADER + "A-1,2010-12-01,900,open,,\n")
    made = told(desk, "import", "shop", file, *DATES, "--json")
    assert (made["state"], made["lines"]) == ("matched", 1)
    assert told(desk, "import", "shop", file, *DATES, "--json")["id"] == made["id"]
    (listed,) = told(desk, "list", "shop", "--state", "matched", "--json")
    assert listed["name"] == "december.csv"
    (found,) = told(desk, "findings", "shop", made["id"], "--kind", "amount", "--json")
    assert found["commission_effect"] == "-12.00"
    decide = ("decide", "shop", made["id"], "theirs", "--reason", "agreed", "--expected", 1)
    assert isinstance(run(desk, *decide).exception, TokenNotAccepted)
    with unit_of_work(desk.world.tools.engine) as session:
        token = hire(session, desk.world.tools.settings.keys, "boris", Role.APPROVER)
    signed = (*decide, "--token", token, "--expected-cashback")
    assert isinstance(run(desk, *signed, "10").exception, FindingsChanged)
    assert run(desk, *signed, "--ten").exit_code == 2
    assert told(desk, *signed, "-10", "--json")["findings"] == 1
    (found,) = told(desk, "findings", "shop", made["id"], "--order", "A-1", "--json")
    assert (found["state"], found["outcome"]) == ("booked", "booked")
    again = told(desk, "match", "shop", made["id"], "--json")
    assert again["figures"]["findings"] == {}
    assert told(desk, "show", "shop", made["id"], "--json")["state"] == "matched"
    assert not desk.world.differences()


def test_a_file_that_cannot_be_read_is_a_task_that_failed(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(HEADER + "A-1,yesterday,900,open,,\n")
    failed = run(desk, "import", "shop", file, *DATES).exception
    assert isinstance(failed, FileInvalid)
    assert list(failed.fields) == ["line 2, day"]
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert isinstance(run(desk, "import", "shop", empty, *DATES).exception, FileEmpty)
    tried = run(desk, "try", "shop", file)
    assert tried.exit_code == 1
    assert "line 2, day" in tried.output
    assert run(desk, "try", "shop", file, "--json").exit_code == 1


def test_a_statement_is_told_in_lines_that_can_be_read(desk: Desk, tmp_path: Path) -> None:
    desk.buys("A-1", 1000)
    file = tmp_path / "december.csv"
    file.write_text(HEADER + "A-1,2010-12-01,900,open,,\nA-2,2010-12-01,?,open,,\n")
    shown = run(desk, "import", "shop", file, *DATES, "--skip-faulty").output
    assert max(map(len, shown.splitlines())) < 120
    words = {tuple(line.split()) for line in shown.splitlines()}
    assert {("theirs", "1", "900.00"), ("amount", "1", "1", "-12.00", "-10.00")} <= words
    assert "  line 3, sum: must be a sum" in shown
    assert "{" not in shown
    nothing = run(desk, "findings", "shop", 1, "--kind", "near").output
    assert nothing.startswith("no finding stands here")


def test_a_file_that_came_before_leaves_nothing_behind(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "december.csv"
    file.write_text(HEADER + "A-1,2010-12-01,900,open,,\n")
    for _ in range(2):
        assert told(desk, "import", "shop", file, *DATES, "--json")["id"] == 1
    assert [one["id"] for one in told(desk, "list", "shop", "--json")] == [1]
    assert [one["id"] for one in told(desk, "list", "shop", "--state", "dropped", "--json")] == [2]


def test_a_format_is_shown_checked_and_saved(desk: Desk, tmp_path: Path) -> None:
    assert told(desk, "format", "shop") == OWN
    other = {**OWN, "file": {"kind": "xlsx"}, "dates": {"format": "%d.%m.%Y", "zone": "UTC"}}
    file, sheet = tmp_path / "format.json", tmp_path / "statement.xlsx"
    file.write_text(json.dumps(other))
    header = ("order", "day", "sum", "status", "commission", "click")
    sheet.write_bytes(book(("A-1", "01.12.2010", 9.5, "open", None, None), header=header))
    tried = told(desk, "try", "shop", sheet, "--format", file, "--json")
    assert tried["lines"][0]["amount"] == "9.50"
    assert told(desk, "format", "shop", file, "--check") == other
    assert told(desk, "format", "shop") == OWN
    told(desk, "format", "shop", file)
    assert told(desk, "import", "shop", sheet, *DATES, "--json")["total"] == "9.50"


@pytest.mark.parametrize(
    "words",
    [
        ("import", "shop", "no-such-file.csv", *DATES),
        ("import", "shop", __file__, "--from", "2010-12-01"),
        ("import", "shop", __file__, "--from", "yesterday", "--to", "2010-12-31"),
        ("findings", "shop", "1", "--kind", "everything"),
        ("decide", "shop", "1", "perhaps", "--reason", "x"),
    ],
)
def test_bad_usage_is_a_2(desk: Desk, words: tuple[str, ...]) -> None:
    assert run(desk, *words).exit_code == 2
