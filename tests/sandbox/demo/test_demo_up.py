"""`tracker up --demo` as a person sees it: from the first webhook to money on phones, and on."""

import re
import shlex
import signal
import subprocess
from pathlib import Path

import httpx2

from sandbox.demo.memory import Memory
from sandbox.demo.show import START
from tests.sandbox.stack.places import Up, left_on
from tracker.kit.money import parse_rubles


def test_cashback_is_paid_before_ones_eyes(data: Path) -> None:
    with Up(data, "--demo") as up:
        url = up.line("ready")
        look_at(up.line("purchases"))
        assert httpx2.get(f"{url}/openapi.json", trust_env=False).json()["openapi"] == "3.1.0"
        paid_as_told(up)
        assert up.end(signal.SIGINT) == 0
        ended_well(up)
        assert left_on(data) == []


def test_it_goes_on_where_it_was(data: Path) -> None:
    with Up(data, "--demo", "--for", "0") as up:
        assert up.ended() == 0
        ended_well(up)
    first = Memory.of(data, START)
    assert first.moment > START

    with Up(data, "--demo", "--for", "1") as up:
        assert up.ended() == 0
        ended_well(up)
    with Up(data, "--for", "0") as up:
        assert up.ended() == 1
        assert "--demo" in "".join(up.said)
        assert "--data" in "".join(up.said)
    second = Memory.of(data, START)
    assert second.moment > first.moment
    assert second.tokens == first.tokens
    assert second.secrets.items() >= first.secrets.items()


def look_at(command: str) -> None:
    """The calls that it shows work as they stand."""
    told = subprocess.run(shlex.split(command), capture_output=True, check=True, text=True)
    assert '"items"' in told.stdout


def paid_as_told(up: Up) -> None:
    """Read on to the outcome of the first month in which somebody is paid: on a slow machine the
    workers have confirmed nothing by the first 1st."""
    payouts = up.line_like(r"(\d{4}-\d\d): ([1-9]\d*) payouts of ([\d,.]+) RUB, sealed")
    outcome = up.line_like(
        rf"{payouts[1]}: (\d+) paid, ([\d,.]+) RUB(?:; (\d+) withheld, ([\d,.]+) RUB)?"
    )
    # Days pass while the workers are at it: what was given back meanwhile is withheld.
    assert int(outcome[1]) + int(outcome[3] or 0) == int(payouts[2])
    assert kopecks(outcome[2]) + kopecks(outcome[4] or "0.00") == kopecks(payouts[3])
    figures = up.line_like(r"available, ([\d,.]+) RUB paid out")
    assert figures[1] == outcome[2]


def kopecks(text: str) -> int:
    return parse_rubles(text.replace(",", ""))


def ended_well(up: Up) -> None:
    said = "".join(up.said)
    assert re.search(r"ledger proof +ok", said), said
    assert not re.search(r"refused|has ended|Traceback", said), said
