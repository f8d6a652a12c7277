"""What members wait for, beside a ledger of ten thousand entries and one of ten million.

Two databases, each served by a web process of its own, are asked in turn by clients that are signed
in as many different members. The floor is the small one: what counts is how much slower the slowest
hundredth of the answers is where there is a thousand times as much.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import count
from random import Random
from statistics import median

from benchmarks.history_seed import Seeded, seed
from benchmarks.legs import Figure, Leg, Run, compared, interleaved
from benchmarks.load import drive
from benchmarks.processes import NOW, serving
from benchmarks.sizes import Sizes
from benchmarks.stack import Stack, fresh_stack

SMALL = 10_000
"""Ledger entries of the floor."""
CLIENTS = 4
PAGE = 20
_WARM_UP = 3.0
_SEEDS = count(1)

Path = Callable[[Seeded, Random], str]
"""A path to ask for, drawn at random."""


def _any_shop(seeded: Seeded, draw: Random) -> str:
    return f"/go/{draw.choice(seeded.shops).slug}"


PATHS: Mapping[str, Path] = {
    "history": lambda *_: f"/api/v1/history?limit={PAGE}",
    "history, rejected alone": lambda *_: f"/api/v1/history?limit={PAGE}&status=rejected",
    "balance": lambda *_: "/api/v1/balance",
    "click": _any_shop,
    "catalogue": lambda *_: "/api/v1/catalogue",
}
"""What is asked for, by name."""


def measure(stack: Stack, sizes: Sizes) -> list[Figure]:
    """Each path over the large ledger, beside the small one."""
    with ExitStack() as opened:
        beside = opened.enter_context(fresh_stack(stack.servers, "history_large"))
        small, large = seed(stack, SMALL), seed(beside, sizes.entries)
        ports = {
            seeded.entries: opened.enter_context(serving(seeded.stack, 1))
            for seeded in (small, large)
        }
        contenders: dict[str, Run] = {}
        for name, path in PATHS.items():
            for seeded in (small, large):
                port, pid = ports[seeded.entries]
                _ask(seeded, path, port, pid, min(_WARM_UP, sizes.seconds))
                contenders[f"{name} {seeded.entries}"] = partial(
                    _ask, seeded, path, port, pid, sizes.seconds
                )
        legs = interleaved(sizes.rounds, contenders)
    return [
        _figure(name, legs[f"{name} {large.entries}"], legs[f"{name} {small.entries}"], large)
        for name in PATHS
    ]


def _figure(name: str, legs: list[Leg], floors: list[Leg], large: Seeded) -> Figure:
    made = compared("history", f"{name}, {large.entries:,} entries", "answers/s", legs, floors)
    slower = [
        leg.details["p99_ms"] / floor.details["p99_ms"]
        for leg, floor in zip(legs, floors, strict=True)
    ]
    of_floor = {
        f"small_{each}": median(floor.details[each] for floor in floors)
        for each in floors[0].details
    }
    return replace(made, details={**made.details, **of_floor, "p99_ratio": median(slower)})


def _ask(seeded: Seeded, path: Path, port: int, pid: int, seconds: float) -> Leg:
    _forget_clicks(seeded)
    requests = _requests(seeded, path, Random(next(_SEEDS)))
    with seeded.stack.meter.measured(tracker=[pid]) as reading:
        load = drive(port, requests, clients=CLIENTS, seconds=seconds)
    if set(load.statuses) - {200, 302}:
        raise AssertionError(f"{path} was answered by {load.statuses}")
    items = load.statuses.total()
    return reading.leg(items, p50_ms=load.percentile(0.5), p99_ms=load.percentile(0.99))


def _forget_clicks(seeded: Seeded) -> None:
    """What earlier legs clicked: a member may follow so many links an hour, and few ask here."""
    with seeded.stack.connect_superuser() as connection:
        connection.execute("DELETE FROM clicks WHERE clicked_at >= %s", [NOW])


def _requests(seeded: Seeded, path: Path, draw: Random) -> Iterator[bytes]:
    while True:
        token = draw.choice(seeded.tokens)
        head = f"GET {path(seeded, draw)} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        yield f"{head}Authorization: Bearer {token}\r\n\r\n".encode()
