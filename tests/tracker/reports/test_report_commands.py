"""`tracker reports …`, from outside."""

import io
import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook

from tests.tracker.reports.pasts import lives_through_a_winter
from tests.world import World
from tracker.kit.errors import TrackerError
from tracker.reports import cli
from tracker.reports.cli import build
from wiring.reports import REPORTS, SHOPS

SPAN = ("--since", "2010-12-01", "--as-of", "2011-03-01T00:00:00+03:00")


@pytest.fixture
def winter(world: World) -> World:
    lives_through_a_winter(world)
    return world


def run(world: World, *words: str) -> Result:
    commands: click.Command = build(REPORTS, SHOPS)
    return CliRunner().invoke(commands, list(words), obj=lambda: world.tools)


def test_the_list_names_every_report(winter: World) -> None:
    told = json.loads(run(winter, "list", "--json").output)
    assert [one["name"] for one in told] == list(REPORTS)


def test_a_table_for_people(winter: World) -> None:
    told = run(winter, "run", "liability", *SPAN)
    assert told.exit_code == 0, told.output
    assert "to members: " in told.output
    assert "member_available" in told.output
    assert run(winter, "run", "aging", "--as-of", "2001-01-01T00:00:00Z").output == "nothing\n"


def test_json_csv_and_a_workbook(winter: World, tmp_path: Path) -> None:
    told = json.loads(run(winter, "run", "top-shops", *SPAN, "--json").output)
    assert [line["shop"] for line in told["lines"]] == ["tea", "rail"]
    lines = run(winter, "run", "top-shops", *SPAN, "--format", "csv").output.splitlines()
    assert lines[0].startswith("shop,purchases,")
    assert len(lines) == 3
    path = tmp_path / "top.xlsx"
    run(winter, "run", "top-shops", *SPAN, "--format", "xlsx", "--output", str(path))
    assert load_workbook(io.BytesIO(path.read_bytes())).sheetnames == ["lines 1", "about"]


def test_a_workbook_is_nothing_for_a_terminal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_is_a_terminal", lambda: True)
    refused = run(world, "run", "journal", "--format", "xlsx")
    assert (refused.exit_code, "--output" in refused.output) == (2, True)
    assert run(world, "run", "journal", "--format", "csv").exit_code == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("no-such-report",), "report_not_found"),
        (("aging", "--shop", "no-such-shop"), "question_invalid"),
        (("aging", "--since", "2010-12-01"), "question_invalid"),
        (("liability", "--period", "soon"), "question_invalid"),
    ],
)
def test_what_cannot_be_asked(world: World, words: tuple[str, ...], code: str) -> None:
    error = run(world, "run", *words).exception
    assert isinstance(error, TrackerError)
    assert error.code == code
