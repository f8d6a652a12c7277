"""How a month's payouts stand: what reached phones, and what did not."""

from collections.abc import Iterable
from dataclasses import dataclass

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


def outcome_of(post: Post, period: str, token: str) -> tuple[Tally, ...]:
    """The payouts of a period by their states, paid ones first. Raises NoAnswer."""
    found: list[tuple[str, int]] = []
    cursor: str | None = "0"
    while cursor:
        page = post.ask(f"{RUNS}/{period}/payouts?limit={_PAGE}&cursor={cursor}", token)
        found += [(one["state"], parse_rubles(one["amount"])) for one in page["items"]]
        cursor = page["next"]
    return tallied(found)


def tallied(payouts: Iterable[tuple[str, int]]) -> tuple[Tally, ...]:
    """States and kopecks of single payouts, summed by state, paid ones first."""
    sums: dict[str, list[int]] = {}
    for state, amount in payouts:
        sums.setdefault(state, []).append(amount)
    states = sorted(sums, key=lambda state: (state != "paid", state))
    return tuple(Tally(state, len(sums[state]), sum(sums[state])) for state in states)
