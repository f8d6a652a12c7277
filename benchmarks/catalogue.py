"""The catalogue: pages and searches a second and at the 99th percentile, of 660 and 10,000 shops.

Each size has a database and a web process of its own; all are asked in turn. The floor of each is
the same answers as constants, served by the same process by the same way: what is left is reading
the question, finding the page, putting it together and its tag.
"""

import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from random import Random
from urllib.parse import quote

from benchmarks.constant import FOLDER
from benchmarks.legs import Figure, Leg, Run, compared, interleaved
from benchmarks.load import drive
from benchmarks.processes import serving
from benchmarks.seed import EPOCH, TERMS
from benchmarks.sizes import Sizes
from benchmarks.stack import Stack, fresh_stack
from partners.offers.service import offer
from partners.shops.rules import Card, Section, ShopStatus
from partners.shops.service import upsert
from sandbox.catalogue.names import invented_name, invented_words
from sandbox.catalogue.sections import SECTIONS
from tracker.kit.database import unit_of_work

SHOPS = (660, 10_000)
CLIENTS = 4
LANGUAGES = ("ru", "uk", "en")
SEARCHES = 300
"""Different ones: more than a process keeps the answers of."""
_PROGRAM = (sys.executable, "-m", "benchmarks.constant")
_WARM_UP = 1.0


@dataclass(frozen=True, slots=True)
class Served:
    """A catalogue of some size, its web process, and what is asked."""

    stack: Stack
    shops: int
    port: int
    pid: int
    pages: Sequence[str]
    searches: Sequence[str]


def measure(stack: Stack, sizes: Sizes) -> list[Figure]:
    """Pages and searches of each size, beside the floor of each."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="tracker-bench-")))
        beside = opened.enter_context(fresh_stack(stack.servers, "catalogue_large"))
        sized = zip((stack, beside), SHOPS, strict=True)
        served = [_served(opened, of, shops, folder / str(shops)) for of, shops in sized]
        contenders: dict[str, Run] = {}
        for one in served:
            for kind, paths in (("pages", one.pages), ("searches", one.searches)):
                constants = _constants(one, kind, paths, folder / str(one.shops))
                for name, asked in ((kind, paths), (f"{kind} floor", constants)):
                    _ask(one, asked, min(_WARM_UP, sizes.seconds / 3))
                    contenders[f"{name} {one.shops}"] = partial(_ask, one, asked, sizes.seconds)
        legs = interleaved(sizes.rounds, contenders)
    return [
        _figure(kind, shops, legs[f"{kind} {shops}"], legs[f"{kind} floor {shops}"])
        for kind in ("pages", "searches")
        for shops in SHOPS
    ]


def _figure(kind: str, shops: int, legs: list[Leg], floors: list[Leg]) -> Figure:
    made = compared("catalogue", f"{kind}, {shops:,} shops", "answers/s", legs, floors)
    of_floor = compared("catalogue", "floor", "answers/s", floors, floors).details
    return replace(
        made, details={**made.details, **{f"floor_{name}": of_floor[name] for name in of_floor}}
    )


def _served(opened: ExitStack, stack: Stack, shops: int, folder: Path) -> Served:
    folder.mkdir()
    cards = list(islice(_cards(), shops))
    with unit_of_work(stack.engine) as session:
        offer(session, dict.fromkeys(upsert(session, cards).values(), TERMS), EPOCH)
    told = replace(stack, environ={**stack.environ, FOLDER: str(folder)})
    port, pid = opened.enter_context(serving(told, 1, _PROGRAM))
    return Served(stack, shops, port, pid, _pages(), _searches(cards))


def _cards() -> Iterator[Card]:
    """The sample's invented names with every trade in turn, so that there are enough of them."""
    places = [(section, one) for section in SECTIONS for one in section.subsections]
    words = invented_words()
    for number in range(10 * len(words)):
        section, subsection = places[number % len(places)]
        named = invented_name(words[number % len(words)], subsection)
        slug = f"{named.slug}-{number}"
        address = f"https://{slug}.example/"
        yield Card(
            slug,
            named.name,
            Section(section.slug),
            subsection.slug,
            address,
            address + "?click={click_id}",
            ShopStatus.ACTIVE,
            named.name_uk,
            named.name_en,
        )


def _pages() -> list[str]:
    """First pages of all and of each shelf, in every language and both orders."""
    shelves = ["", *(f"&section={section.slug}" for section in SECTIONS)]
    shelves += [f"{shelf}&sort=cashback" for shelf in shelves]
    shelves += [
        f"&section={section.slug}&subsection={one.slug}"
        for section in SECTIONS
        for one in section.subsections
    ]
    return [
        f"/api/v1/catalogue?language={language}{shelf}"
        for language in LANGUAGES
        for shelf in shelves
    ]


def _searches(cards: Sequence[Card]) -> list[str]:
    """What people type: a beginning of a name in either script, a whole one, a mistyped one."""
    draw = Random(0)
    typed = []
    for number, card in enumerate(draw.sample(cards, SEARCHES)):
        name, latin = card.name.lower(), card.slug.partition("-")[0]
        kinds = (name[: draw.randint(3, 6)], latin[: draw.randint(3, 6)], name, latin)
        wrong = f"{latin[:3]}x{latin[4:]}"
        typed.append((*kinds, wrong)[number % 5])
    return [f"/api/v1/catalogue?q={quote(text)}" for text in typed]


def _constants(served: Served, kind: str, paths: Sequence[str], folder: Path) -> list[str]:
    """The answers to be had once more, from files."""
    for number, path in enumerate(paths):
        with urllib.request.urlopen(f"http://127.0.0.1:{served.port}{path}") as answer:
            (folder / f"{kind}-{number}").write_bytes(answer.read())
    return [f"/constant/{kind}-{number}" for number in range(len(paths))]


def _ask(served: Served, paths: Sequence[str], seconds: float) -> Leg:
    requests = [f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() for path in paths]
    with served.stack.meter.measured(tracker=[served.pid]) as reading:
        load = drive(served.port, cycle(requests), clients=CLIENTS, seconds=seconds)
    if load.statuses.keys() != {200}:
        raise AssertionError(f"{paths[0]} and others were answered by {load.statuses}")
    items = load.statuses.total()
    return reading.leg(items, p50_ms=load.percentile(0.5), p99_ms=load.percentile(0.99))
