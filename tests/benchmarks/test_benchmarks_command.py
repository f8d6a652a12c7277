"""The whole command on a tiny size: that it measures, not what."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

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
}


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    done = run(*TINY, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(("name", "count"), CONTENDERS.items())
def test_every_figure_stands_beside_its_floor(
    document: dict[str, Any], name: str, count: int
) -> None:
    figures = [one for one in document["figures"] if one["benchmark"] == name]
    assert len(figures) == count
    for one in figures:
        assert one["rate"] > 0
        assert one["floor"] > 0
        assert min(one["ratios"]) <= one["ratio"] <= max(one["ratios"])
        assert len(one["ratios"]) == 2
        assert one["cpu_per_thousand"] >= 0
        assert one["floor_cpu_per_thousand"] >= 0
        assert {"tracker", "postgres", "valkey", "client"} <= one["busy"].keys()


def test_latencies_and_the_machine_are_told(document: dict[str, Any]) -> None:
    assert document["machine"]["cores"] >= 1
    figures = {one["benchmark"]: one["details"] for one in document["figures"]}
    assert 0 < figures["door"]["p50_ms"] <= figures["door"]["p99_ms"]
    assert 0 < figures["end-to-end"]["lag_p50_ms"] <= figures["end-to-end"]["lag_p99_ms"]


def test_a_name_that_is_none_is_bad_usage() -> None:
    done = run("doors")
    assert done.returncode == 2
    assert "doors" in done.stderr
