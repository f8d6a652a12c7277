"""`tracker replay` on a small file of our own: through the real stack to the oracle's kopeck."""

from pathlib import Path

import pytest

from sandbox.replay.dataset import load_dataset
from sandbox.replay.sample import sample_csv
from sandbox.replay.summary import MONEY
from tests.replay.running import expected, replay
from tracker.kit.money import format_rubles


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
