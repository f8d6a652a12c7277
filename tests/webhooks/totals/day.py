"""A shop's own books: what its orders come to by the events that it sent, all or some of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from tests.world import cancelled, confirmed, created, day, returned, updated
from tracker.kit.money import parse_rubles
from tracker.purchases.days import Order, Word

Event = dict[str, Any]


@dataclass(slots=True)
class _Known:
    lines: dict[str, int] = field(default_factory=dict)
    back: dict[str, int] = field(default_factory=dict)
    all_back: bool = False
    confirmed: bool = False

    @property
    def left(self) -> int:
        if self.all_back:
            return 0
        return sum(max(0, sold - self.back.get(line, 0)) for line, sold in self.lines.items())


def books(events: Iterable[Event]) -> list[Order]:
    """The orders as these events tell them, in the order of their numbers."""
    known: dict[str, _Known] = {}
    for event in events:
        data = event["data"]
        _learn(known.setdefault(data["order_id"], _Known()), event["type"], data)
    return [Order(name, one.left, _word(one)) for name, one in sorted(known.items()) if one.lines]


def _learn(one: _Known, kind: str, data: Mapping[str, Any]) -> None:
    sums = {line["line_id"]: parse_rubles(line["amount"]) for line in data.get("lines", ())}
    match kind.removeprefix("purchase."):
        case "created" | "updated":
            one.lines = sums
        case "confirmed":
            one.confirmed = True
        case "returned" if sums:
            one.back = {line: one.back.get(line, 0) + sums.get(line, 0) for line in one.back | sums}
        case _:
            one.all_back = True


def _word(one: _Known) -> Word:
    if not one.left:
        return Word.RETURNED
    return Word.CONFIRMED if one.confirmed else Word.OPEN


def trade(orders: int, draw: Random) -> Iterator[Event]:
    """What happens to a shop's orders of one day, then and in the days after it."""
    for number in range(orders):
        name = f"{draw.choice('ABЯ')}-{number * 7919 % 100_003}"
        at = day(0) + timedelta(seconds=draw.randrange(86_400))
        sums = [draw.randrange(100, 99_999) / 100 for _ in range(draw.randint(1, 4))]
        yield created(name, None, *sums, at=at)
        if draw.random() < 0.1:
            sums = [draw.randrange(100, 99_999) / 100 for _ in range(draw.randint(1, 4))]
            yield updated(name, None, *sums, at=day(1), ordered_at=at)
        for turn in range(draw.choice((0, 0, 0, 0, 1, 2))):
            line, back = str(draw.randint(1, 5)), draw.randrange(100, 99_999) / 100
            yield returned(name, f"R{turn}", {line: back}, at=day(2 + turn))
        if draw.random() < 0.3:
            yield confirmed(name, at=day(5))
        if draw.random() < 0.05:
            yield cancelled(name, at=day(6))
        if draw.random() < 0.02:
            yield returned(name, "all", at=day(7))
