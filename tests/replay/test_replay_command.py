"""`tracker replay` on a small file of our own: through the real stack to the oracle's kopeck."""

import time
from pathlib import Path

import psutil
import pytest

from sandbox.replay.dataset import load_dataset
from sandbox.replay.sample import sample_csv
from sandbox.replay.summary import MONEY
from tests.replay.running import expected, finish, replay, start
from tracker.kit.money import format_rubles

_PROCESSES = 8
"""Enough of them for the servers, and something of the product, to be running."""


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "invoices.csv"
    path.write_text(sample_csv())
    return path


def test_the_summary_is_the_oracles(sample: Path) -> None:
    """Also where the environment names a deployment: nothing is replayed into that."""
    deployment = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "BILLING_URL", "TRACKER_CLOCK")
    events = len(load_dataset(sample).events)
    environ = dict.fromkeys(deployment, "redis://127.0.0.1:1/0")
    run = replay(sample, "--json", environ=environ)
    summary = run.summary
    assert run.said == ""
    assert summary == expected(sample, events=events)
    assert list(summary) == list(expected(sample, events=events))


def test_copies_and_another_order_change_no_kopeck(sample: Path) -> None:
    """Read off the table that people see."""
    events = len(load_dataset(sample).events)
    run = replay(sample, "--copies", "3", "--shuffle", "7")
    assert (run.exit_code, run.said) == (0, "")
    title, *lines = run.printed.splitlines()
    assert title.strip() == "Replay of invoices.csv"
    wanted = expected(sample, events=events, copies=3)
    assert [" ".join(line.split()) for line in lines] == [
        f"{name.replace('_', ' ')} {f'{format_rubles(value)} RUB' if name in MONEY else value}"
        for name, value in wanted.items()
    ]


def test_without_a_stack_an_address_is_not_enough(sample: Path, tmp_path: Path) -> None:
    environ = {"TRACKER_DATA": str(tmp_path), "DATABASE_URL": ""}
    run = replay(sample, "--url", "http://127.0.0.1:1", environ=environ)
    assert (run.exit_code, run.printed) == (1, "")
    assert "stack_not_found" in run.said


def test_who_stops_a_replay_leaves_nothing_behind(sample: Path, tmp_path: Path) -> None:
    with start(sample, environ={"TMPDIR": str(tmp_path)}) as process:
        itself = psutil.Process(process.pid)
        while len(started := itself.children(recursive=True)) < _PROCESSES:
            assert process.poll() is None
            time.sleep(0.05)
        process.terminate()
        assert finish(process).exit_code == 130
    assert psutil.wait_procs(started, timeout=10)[1] == []
    assert not list(tmp_path.glob("tracker-*"))


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nowhere.csv"], 2, "does not exist"),
        (["{file}", "--copies", "0"], 2, "not in the range"),
        (["{file}", "--shuffle", "well"], 2, "not a valid integer"),
        (["{file}"], 1, "invoices_unreadable: no column InvoiceNo"),
    ],
)
def test_what_cannot_be_replayed_is_told(
    arguments: list[str], code: int, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "other.csv"
    file.write_text("one,two\n1,2\n")
    run = replay(*(word.format(file=file) for word in arguments))
    assert (run.exit_code, run.printed) == (code, "")
    assert said in run.said
