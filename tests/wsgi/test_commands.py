"""The console script from outside: help for everything, clear words, the contract's exit codes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import wsgi
from tracker.kit.crypto import new_key

NOWHERE = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "TRACKER_SECRET_KEY": new_key(),
}


def tracker(
    *arguments: str, environ: dict[str, str], cwd: Path
) -> subprocess.CompletedProcess[str]:
    """What a shell gets from a command, in an environment of its own."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return subprocess.run(
        [sys.executable, "-c", "from wiring.start import main; main()", *arguments],
        env={**kept, "PYTHONPATH": str(Path(wsgi.__file__).parent), **environ},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def everything() -> click.Group:
    """The commands of the product, and those that packages add."""
    root = click.Group("tracker", commands=dict(wsgi.cli.commands), help=wsgi.cli.help)
    for point in entry_points(group="tracker.commands"):
        for command in point.load():
            root.add_command(command)
    return root


def below(command: click.Command, way: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The way to every command and group."""
    yield way
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from below(inner, (*way, name))


def command_at(way: tuple[str, ...]) -> click.Command:
    found: click.Command = ROOT
    for name in way:
        assert isinstance(found, click.Group)
        found = found.commands[name]
    return found


ROOT = everything()
WAYS = list(below(ROOT))


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_every_command_explains_itself_without_a_stack(
    way: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NOWHERE:
        monkeypatch.delenv(name, raising=False)
    result = CliRunner().invoke(ROOT, [*way, "--help"], prog_name="tracker")
    assert result.exit_code == 0, result.output
    assert "Usage:" in result.output
    assert command_at(way).help, f"{' '.join(way)} says nothing of what it does"


def test_the_commands_of_the_contract_are_there() -> None:
    contract = {
        ("up",),
        ("serve",),
        ("worker",),
        ("scheduler",),
        ("db", "upgrade"),
        ("shops", "import"),
        ("shops", "secret"),
        ("members", "import"),
        ("staff", "add"),
        ("inbox", "status"),
        ("inbox", "retry"),
        ("inbox", "show"),
        ("holds", "run"),
        *(("settlement", name) for name in ("prepare", "show", "approve", "run", "status")),
        ("ledger", "proof"),
        ("replay",),
        *(("sandbox", name) for name in ("billing", "telecom", "messages")),
    }
    assert contract <= set(WAYS)


@pytest.mark.parametrize(
    "way",
    [
        ("holds", "run", "--as-of", "yesterday"),
        ("holds", "run", "--as-of", "2011-01-01T00:00:00"),
        ("settlement", "prepare"),
        ("staff", "add", "anna", "--role", "king"),
        ("shops", "import", "no-such-file.csv"),
        ("shops", "secret", "shop", "--overlap", "soon"),
        ("inbox", "show", "first"),
        ("inbox", "retry"),
        ("no-such-command",),
        ("ledger", "proof", "--no-such-option"),
    ],
    ids=" ".join,
)
def test_bad_usage_is_a_2_and_needs_no_stack(
    way: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NOWHERE:
        monkeypatch.delenv(name, raising=False)
    result = CliRunner().invoke(wsgi.cli, list(way))
    assert result.exit_code == 2, result.output
    assert "Usage:" in result.output


def test_without_a_stack_one_is_told_how_to_name_it(tmp_path: Path) -> None:
    ran = tracker("inbox", "status", environ={}, cwd=tmp_path)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert ran.stderr.startswith("stack_not_found: ")
    assert "tracker up" in ran.stderr


def test_a_setting_at_fault_is_named(tmp_path: Path) -> None:
    environ = {**NOWHERE, "WEBHOOK_RATE": "plenty"}
    ran = tracker("inbox", "status", environ=environ, cwd=tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.startswith("setting_invalid: WEBHOOK_RATE")


@pytest.mark.parametrize("way", [("ledger", "proof"), ("db", "upgrade")], ids=" ".join)
def test_a_database_out_of_reach_is_said_in_a_line(tmp_path: Path, way: tuple[str, ...]) -> None:
    ran = tracker(*way, environ=NOWHERE, cwd=tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.startswith("database_unavailable: ")
    assert "Traceback" not in ran.stderr


def test_a_redis_out_of_reach_is_said_in_a_line(tmp_path: Path) -> None:
    ran = tracker("worker", "--burst", environ=NOWHERE, cwd=tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.startswith("redis_unavailable: ")
    assert "Traceback" not in ran.stderr
