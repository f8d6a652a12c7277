"""A member's cabinet as an app reads it: whole histories, and whether they add up."""

from collections.abc import Iterator
from typing import Any

from tests.clients import Cabinet
from tests.world import World
from tracker.kit.money import format_rubles

Line = dict[str, Any]


def kopecks(text: str) -> int:
    """Of a decimal string, below zero as well."""
    whole, _, cents = text.removeprefix("-").partition(".")
    assert len(cents) == 2, text
    amount = 100 * int(whole) + int(cents)
    return -amount if text.startswith("-") else amount


def ask(cabinet: Cabinet, path: str, **query: Any) -> dict[str, Any]:
    """What is answered with 200."""
    response = cabinet.get(f"/api/v1/{path}", query_string=query)
    assert response.status_code == 200, response.get_json()
    found: dict[str, Any] = response.get_json()
    return found


def pages(cabinet: Cabinet, size: int, **query: Any) -> Iterator[list[Line]]:
    """The pages of a history, one after another."""
    cursor: dict[str, str] = {}
    while True:
        page = ask(cabinet, "history", limit=size, **query, **cursor)
        yield page["items"]
        if page["next"] is None:
            return
        cursor = {"cursor": page["next"]}


def whole(cabinet: Cabinet, size: int = 200, **query: Any) -> list[Line]:
    """All lines of a history."""
    return [line for page in pages(cabinet, size, **query) for line in page]


def adds_up(world: World, member: int, cabinet: Cabinet, size: int = 3) -> list[Line]:
    """What a member sees is what the books say, to the kopeck; returns the history."""
    lines = whole(cabinet)
    assert [line for page in pages(cabinet, size) for line in page] == lines
    assert len({line["id"] for line in lines}) == len(lines)
    assert [line["at"] for line in lines] == sorted((one["at"] for one in lines), reverse=True)
    sums = dict.fromkeys(("accrued", "pending", "rejected", "written_off"), 0)
    for line in lines:
        assert kopecks(line["amount"]) > 0
        sums[line["status"]] += kopecks(line["amount"])
    for status in sums:
        alone = whole(cabinet, size, status=status)
        assert alone == [line for line in lines if line["status"] == status]
    kept, told = world.balance(member), ask(cabinet, "balance")
    assert sums["pending"] == kept.pending == kopecks(told["pending"])
    assert sums["written_off"] == kopecks(told["spent"])
    assert sums["accrued"] - sums["written_off"] == kept.available + kept.in_flight + kept.reserved
    assert kopecks(told["reserved"]) == kept.reserved
    assert kopecks(told["available"]) == max(0, kept.available)
    assert kopecks(told["debt"]) == max(0, -kept.available)
    assert kopecks(told["in_flight"]) == kept.in_flight
    for line in lines:
        _explained(cabinet, line)
    return lines


def _explained(cabinet: Cabinet, line: Line) -> None:
    """Every line leads back to movements that come to it, and to its purchase's arithmetic."""
    told = ask(cabinet, f"history/{line['id']}")
    assert line in told["lines"]
    by_status = {one["status"]: kopecks(one["amount"]) for one in told["lines"]}
    moved = {
        account: sum(kopecks(one[account]) for one in told["movements"])
        for account in ("pending", "available", "in_flight", "reserved")
    }
    assert moved["pending"] == by_status.get("pending", 0)
    assert moved["in_flight"] == 0
    paid = by_status.get("written_off", 0)
    assert moved["available"] + moved["reserved"] == by_status.get("accrued", 0) - paid
    if line["kind"] == "purchase":
        _reckoned(told["purchase"], by_status)


def _reckoned(purchase: dict[str, Any], by_status: dict[str, int]) -> None:
    promised = sum(kopecks(item["cashback"]) for item in purchase["items"])
    assert promised == kopecks(purchase["promised"])
    taken = sum(kopecks(one["amount"]) for one in purchase["deductions"])
    assert format_rubles(taken) == purchase["rejected"]
    assert taken == by_status.get("rejected", 0)
    kept = by_status.get("accrued", 0) + by_status.get("pending", 0)
    assert promised - taken == kept
