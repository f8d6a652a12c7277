"""Figures for people and for machines."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.legs import Figure

_COLUMNS = ("what", "figure", "floor", "ratio", "of rounds", "CPU s/1,000", "floor's", "cores busy")
_WIDTH = 170


def document(figures: Sequence[Figure], machine: Mapping[str, Any]) -> dict[str, Any]:
    """Everything, as one JSON object."""
    return {"machine": dict(machine), "figures": [asdict(one) for one in figures]}


def show(figures: Sequence[Figure], machine: Mapping[str, Any]) -> None:
    """A table, with further figures below it."""
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    table = Table(box=None, pad_edge=False)
    for name in _COLUMNS:
        table.add_column(name, justify="left" if name in (_COLUMNS[0], _COLUMNS[-1]) else "right")
    for one in figures:
        table.add_row(
            f"{one.benchmark}: {one.contender}",
            f"{one.rate:,.0f} {one.unit}",
            f"{one.floor:,.0f}",
            f"{one.ratio:.2f}",
            f"{min(one.ratios):.2f}–{max(one.ratios):.2f}",
            f"{one.cpu_per_thousand:.3f}",
            f"{one.floor_cpu_per_thousand:.3f}",
            _busiest_first(one.busy),
        )
    console.print(table)
    for one in figures:
        if one.details:
            said = ", ".join(f"{name} {value:,.1f}" for name, value in one.details.items())
            console.print(f"{one.benchmark}: {one.contender}: {said}")
    console.print(", ".join(f"{name} {value}" for name, value in machine.items()))


def _busiest_first(busy: Mapping[str, float]) -> str:
    ordered = sorted(busy.items(), key=lambda part: -part[1])
    return " · ".join(f"{part} {cores:.1f}" for part, cores in ordered if cores >= 0.05)
