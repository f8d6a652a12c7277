"""`tracker members import`: all of a file or none of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.world import World
from tracker.kit.errors import Invalid
from tracker.members.cli import commands

JOINED = "2010-11-01T00:00:00+03:00"


def imported(world: World, folder: Path, *lines: str, header: str = "phone,joined_at") -> Result:
    path = folder / "members.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return CliRunner().invoke(commands, ["import", str(path), "--json"], obj=lambda: world.tools)


def done(result: Result) -> Any:
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.output)


def refused(world: World, result: Result) -> str:
    """Why a file was refused; nothing of it is taken."""
    assert isinstance(result.exception, Invalid), result.exception
    assert world.query("SELECT FROM members") == []
    return result.exception.detail


def test_newcomers_join_with_the_auto_payment_on(world: World, tmp_path: Path) -> None:
    lines = [f"+79000000001,{JOINED}", f"8 900 000-00-02,{JOINED}"]
    assert done(imported(world, tmp_path, *lines)) == {"rows": 2, "joined": 2}
    rows = world.query("SELECT * FROM members ORDER BY id")
    assert [(world.phone(row.id), row.auto_payment) for row in rows] == [
        ("+79000000001", True),
        ("+79000000002", True),
    ]
    assert rows[0].joined_at.isoformat() == "2010-10-31T21:00:00+00:00"


def test_members_stay_as_they_are(world: World, tmp_path: Path) -> None:
    done(imported(world, tmp_path, f"+79000000001,{JOINED}"))
    world.change("UPDATE members SET auto_payment = false")
    before = world.query("SELECT * FROM members")
    later = "2011-01-01T00:00:00+03:00"
    lines = [f"+79000000001,{later}", f"+79000000002,{later}"]
    assert done(imported(world, tmp_path, *lines)) == {"rows": 2, "joined": 1}
    assert world.query("SELECT * FROM members ORDER BY id")[:1] == before


def test_a_number_stands_in_one_line(world: World, tmp_path: Path) -> None:
    lines = [f"+79000000001,{JOINED}", "8 900 000-00-01,2011-01-01T00:00:00+03:00"]
    said = refused(world, imported(world, tmp_path, *lines))
    assert said == "line 3: the phone '+79000000001' stands in line 2 already"


REFERRED = "phone,joined_at,email,referrer_phone"


def test_a_referrer_may_be_a_member_or_stand_in_the_same_file(world: World, tmp_path: Path) -> None:
    done(imported(world, tmp_path, f"+79000000001,{JOINED}"))
    lines = [f"+79000000003,{JOINED},,+79000000002", f"+79000000002,{JOINED},,+79000000001"]
    done(imported(world, tmp_path, *lines, header=REFERRED))
    rows = world.query("""
        SELECT id, referrer_id FROM members WHERE referrer_id IS NOT NULL
    """)
    assert sorted((world.phone(row.id), world.phone(row.referrer_id)) for row in rows) == [
        ("+79000000002", "+79000000001"),
        ("+79000000003", "+79000000002"),
    ]


def test_a_referrer_is_named_at_joining_only(world: World, tmp_path: Path) -> None:
    done(imported(world, tmp_path, f"+79000000001,{JOINED}", f"+79000000002,{JOINED}"))
    line = f"+79000000002,{JOINED},,+79000000001"
    assert done(imported(world, tmp_path, line, header=REFERRED))["joined"] == 0
    assert world.query("SELECT FROM members WHERE referrer_id IS NOT NULL") == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"12,{JOINED},,", "line 3: phone: '12'"),
        (f"phone,{JOINED},,", "line 3: phone: 'phone'"),
        ("+79000000002,2010-11-01,,", "line 3: joined_at needs an offset"),
        ("+79000000002,soon,,", "line 3: joined_at is not"),
        ("+79000000002,,,", "line 3: joined_at is empty"),
        (f"+79000000002,{JOINED},,me", "line 3: referrer_phone: 'me'"),
        (f"+79000000002,{JOINED},,+79000000002", "line 3: nobody is their own referrer"),
        (f"+79000000002,{JOINED},,+79009999999", "no member has the number +79009999999"),
    ],
)
def test_a_fault_is_told_and_nothing_is_taken(
    world: World, tmp_path: Path, line: str, said: str
) -> None:
    result = imported(world, tmp_path, f"+79000000001,{JOINED},,", line, header=REFERRED)
    assert refused(world, result).startswith(said)
