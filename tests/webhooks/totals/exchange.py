"""Both sides of a comparison: the client that the page gives to shops, and books in memory."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

from tests.docs.pages import blocks, page
from tests.webhooks.letters import headers
from tests.world import Shop, World
from tracker.purchases.days import EVERYTHING, DayTotals, Order, Range, Sum, Tally, Word
from webhooks.totals.answers import verdict_shown
from webhooks.totals.reading import list_sha256, read
from webhooks.totals.rules import compare

PAGE = page("control-totals.md")

Ask = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Sends one question."""


def client_shown() -> str:
    """The client of the page."""
    (found,) = [one.text for one in blocks(PAGE) if one.language == "python"]
    return found


def _client() -> Any:
    names: dict[str, Any] = {"__name__": "totals"}
    exec(compile(client_shown(), "totals.py", "exec"), names)  # noqa: S102 (it is our own page)
    return names["compare"]


_COMPARE = _client()


def difference(day: str, orders: Iterable[Order], ask: Ask) -> dict[str, list[dict[str, Any]]]:
    """What the page's client finds between a shop's orders and the books it asks."""
    given = [(one.order_id, one.amount, str(one.word)) for one in orders]
    found: dict[str, list[dict[str, Any]]] = _COMPARE(day, given, ask)
    return found


def expected(ours: Iterable[Order], theirs: Iterable[Order]) -> dict[str, set[str]]:
    """What it ought to find, by definition: the numbers of the orders in each list."""
    held = {one.order_id: one for one in ours}
    told = {one.order_id: one for one in theirs}
    both = held.keys() & told.keys()
    return {
        "missing": told.keys() - held.keys(),
        "extra": held.keys() - told.keys(),
        "amount_mismatch": {one for one in both if held[one].amount != told[one].amount},
        "status_mismatch": {one for one in both if held[one].word != told[one].word},
    }


def numbers(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, set[str]]:
    """The numbers of the orders that were found; each but once in a list."""
    for rows in found.values():
        assert len({row["order_id"] for row in rows}) == len(rows)
    return {name: {row["order_id"] for row in rows} for name, rows in found.items()}


@dataclass(slots=True)
class Memory:
    """Our books in memory; and how many questions were put to them."""

    held: Sequence[Order]
    asked: int = 0
    largest: int = field(default=0)
    """Orders or buckets in one question or answer."""

    def totals(self) -> DayTotals:
        by_word = {
            word: Tally(len(amounts), sum(amounts))
            for word in Word
            for amounts in [[one.amount for one in self.held if one.word is word]]
        }
        return DayTotals(by_word, list_sha256(self.held))

    def sums(self, ranges: Sequence[Range]) -> list[Sum]:
        return [_sum(self._within(one)) for one in ranges]

    def split(self, ranges: Sequence[Range], pieces: int) -> list[tuple[Range, Sum]]:
        found = []
        for one in ranges:
            inside = self._within(one)
            count = max(1, min(pieces, len(inside)))
            starts = [inside[len(inside) * place // count].order_id for place in range(1, count)]
            cuts = [one.first, *starts, one.end]
            parts = [Range(cuts[place] or "", cuts[place + 1]) for place in range(count)]
            found += [(part, _sum(self._within(part))) for part in parts]
        return found

    def orders(self, within: Range, limit: int) -> list[Order]:
        return self._within(within)[:limit]

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a question, through its bytes, as the service would."""
        self.asked += 1
        said = read(json.dumps(question).encode())
        answer = verdict_shown(compare(said, self), said.day, 0, {})
        sizes = [
            len(one) for one in (*question.values(), *answer.values()) if isinstance(one, list)
        ]
        self.largest = max(self.largest, *sizes, 0)
        return answer

    def _within(self, within: Range) -> list[Order]:
        return [
            one
            for one in sorted(self.held, key=lambda one: one.order_id)
            if within.holds(one.order_id)
        ]


def _sum(orders: Sequence[Order]) -> Sum:
    return Sum(len(orders), sum(one.amount for one in orders), list_sha256(orders))


def question(day: str, orders: Sequence[Order]) -> dict[str, Any]:
    """The first question of a shop that has these orders."""
    asked: list[Mapping[str, Any]] = []

    def note(one: Mapping[str, Any]) -> dict[str, Any]:
        asked.append(one)
        return {}

    difference(day, orders, note)
    return dict(asked[0])


def post(
    house: World,
    shop: Shop,
    told: Mapping[str, Any] | bytes,
    given: Mapping[str, str] | None = None,
) -> TestResponse:
    """Put a question over HTTP, signed unless headers are given."""
    raw = told if isinstance(told, bytes) else json.dumps(told).encode()
    url = f"/webhooks/{shop.slug}/control-totals"
    return house.client().post(
        url, data=raw, headers=headers(shop.secret, raw) if given is None else given
    )


def asking(house: World, shop: Shop) -> Ask:
    """Puts a shop's questions over HTTP."""

    def ask(told: Mapping[str, Any]) -> dict[str, Any]:
        response = post(house, shop, told)
        assert response.status_code == 200, response.get_data(as_text=True)
        found: dict[str, Any] = response.get_json()
        return found

    return ask


def everything(orders: Sequence[Order]) -> dict[str, Any]:
    """All orders, as one question sends them."""
    rows = [
        {
            "order_id": one.order_id,
            "amount": f"{one.amount // 100}.{one.amount % 100:02d}",
            "status": str(one.word),
        }
        for one in orders
    ]
    return {"from": EVERYTHING.first, "to": EVERYTHING.end, "orders": rows}
