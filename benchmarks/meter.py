"""CPU seconds of whole process trees, ended children included."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

from benchmarks.legs import Leg


@dataclass(slots=True)
class Reading:
    """Wall and CPU seconds of a stretch, known when it is over."""

    seconds: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)

    def leg(self, items: int, **details: float) -> Leg:
        """The stretch as a leg of so many items."""
        return Leg(items, self.seconds, self.cpu, details)


@dataclass(slots=True)
class Meter:
    """Reads the parts of a stack: each is the processes of some pids and all below them."""

    parts: Mapping[str, Sequence[int]]

    @contextmanager
    def measured(self, **more: Sequence[int]) -> Iterator[Reading]:
        """Measure a block; ``more`` names further parts. This process is the part "client"."""
        parts = {**self.parts, **more}
        reading = Reading()
        before = {part: _cpu_of_trees(pids) for part, pids in parts.items()}
        own, began = time.process_time(), time.perf_counter()
        yield reading
        reading.seconds = time.perf_counter() - began
        reading.cpu["client"] = time.process_time() - own
        for part, pids in parts.items():
            reading.cpu[part] = _cpu_of_trees(pids) - before[part]


def _cpu_of_trees(pids: Sequence[int]) -> float:
    return sum(_cpu_of_tree(psutil.Process(pid)) for pid in pids)


def _cpu_of_tree(root: psutil.Process) -> float:
    """A backend that has ended counts too: its parent inherits its time when it is reaped."""
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total
