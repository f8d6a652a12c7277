"""How a month's payouts stand: what reached phones, and what did not."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sandbox.demo.post import Post
from tracker.kit.money import parse_rubles

RUNS = "/admin/api/v1/settlements"
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Tally:
    """Payouts in one state; the sum is kopecks."""

    state: str
    count: int
    amount: int


def runs_of(post: Post, token: str) -> list[dict[str, Any]]:
    """All months' runs, the latest first. Raises NoAnswer."""
    return _all(post, f"{RUNS}?limit={_PAGE}", token)


def outcome_of(post: Post, period: str, token: str) -> tuple[Tally, ...]:
    """The payouts of a period by their states, paid ones first. Raises NoAnswer."""
    payouts = _all(post, f"{RUNS}/{period}/payouts?limit={_PAGE}", token)
    return tallied((one["state"], parse_rubles(one["amount"])) for one in payouts)


def tallied(payouts: Iterable[tuple[str, int]]) -> tuple[Tally, ...]:
    """States and kopecks of single payouts, summed by state, paid ones first."""
    sums: dict[str, list[int]] = {}
    for state, amount in payouts:
        sums.setdefault(state, []).append(amount)
    states = sorted(sums, key=lambda state: (state != "paid", state))
    return tuple(Tally(state, len(sums[state]), sum(sums[state])) for state in states)


def _all(post: Post, path: str, token: str) -> list[dict[str, Any]]:
    """The items of all pages."""
    page = post.ask(path, token)
    found: list[dict[str, Any]] = page["items"]
    while page["next"]:
        page = post.ask(f"{path}&cursor={page['next']}", token)
        found += page["items"]
    return found
