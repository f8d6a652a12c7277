"""The whole command on a tiny size: that it measures, not what."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks.__main__ import BENCHMARKS

ROOT = Path(__file__).parents[2]
TINY = ["--quick", "--scale", "0.05"]
CONTENDERS = {
    "door": 2,
    "booking": 2,
    "end-to-end": 1,
    "settlement": 2,
    "clicks": 1,
    "history": 5,
    "catalogue": 4,
    "certificates": 3,
    "statements": 1,
    "reports": 9,
}


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "benchmarks", *arguments]
    with _on_one_core():
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
        )


@contextmanager
def _on_one_core() -> Iterator[None]:
    """What is started here runs on one core: it is tried, and others have work to do meanwhile."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(ours, key=lambda core: hash((core, os.getpid())))})
    try:
        yield
    finally:
        os.sched_setaffinity(0, ours)


def test_none_is_left_out() -> None:
    assert CONTENDERS.keys() == BENCHMARKS.keys()


# The two that serve large stocks take as long as all others together.
_LONG = ("history", "catalogue")


@pytest.mark.parametrize(
    ("name", "count"),
    [
        pytest.param(name, count, marks=[pytest.mark.slow] if name in _LONG else [])
        for name, count in CONTENDERS.items()
    ],
)
def test_every_figure_stands_beside_its_floor(name: str, count: int) -> None:
    done = run(*TINY, "--json", name)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["machine"]["cores"] >= 1
    assert {one["benchmark"] for one in document["figures"]} == {name}
    assert len(document["figures"]) == count
    for one in document["figures"]:
        assert one["rate"] > 0
        assert one["floor"] > 0
        assert min(one["ratios"]) <= one["ratio"] <= max(one["ratios"])
        assert len(one["ratios"]) == 2
        assert one["cpu_per_thousand"] >= 0
        assert one["floor_cpu_per_thousand"] >= 0
        assert {"tracker", "postgres", "valkey", "client"} <= one["busy"].keys()
        told = one["details"]
        slow = [each for each in told if each.endswith("p99_ms")]
        single = ("booking", "settlement", "certificates", "statements", "reports")
        assert slow or name in single
        assert all(0 < told.get(each.replace("p99", "p50"), 1e-9) <= told[each] for each in slow)


def test_a_name_that_is_none_is_bad_usage() -> None:
    done = run("doors")
    assert done.returncode == 2
    assert "doors" in done.stderr
