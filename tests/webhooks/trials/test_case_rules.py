"""Each case by itself: which attempts tick it, in whatever dialect, and which do not."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from partners.intake.contracts import NoticeKind, PurchaseNotice
from tests.events import confirmed, created, day, returned, updated
from tracker.purchases.contracts import Line
from webhooks.adapters import native
from webhooks.trials.cases import CASES, Case
from webhooks.trials.rules import Attempt, Outcome, Record, kinds_of

FIRST, SECOND = 1, 2
BY_NAME = {one.name: one for one in CASES}

Make = Callable[[int], Attempt]
"""An attempt, once its number is known."""


def attempt(outcome: Outcome, *notices: PurchaseNotice, signed: bool = True, **known: Any) -> Make:
    """An attempt; unless told otherwise signed, each by itself, with the first secret."""

    def make(number: int) -> Attempt:
        made: dict[str, Any] = {
            "number": number,
            "received_at": day(0) + timedelta(seconds=number),
            "outcome": outcome,
            "status": 0,
            "sha256": "00",
            "size": 1,
            "webhook_id": f"msg-{number}",
            "timestamp": str(number) if signed else None,
            "request": f"request-{number}" if signed else None,
            "secret_id": FIRST if outcome in ("accepted", "duplicate", "conflict") else None,
            "notices": notices,
        }
        return Attempt(**(made | known))

    return make


def told(event: dict[str, Any], **known: Any) -> Make:
    """An event of our own dialect that was accepted."""
    return attempt(Outcome.ACCEPTED, native.read(json.dumps(event).encode()), **known)


def record(*made: Make, **known: Any) -> Record:
    attempts = tuple(make(number) for number, make in enumerate(made, start=1))
    return Record(FIRST, attempts, **known)


def evidence(case: str, known: Record) -> list[int] | None:
    """Which attempts tick a case; None when it is not ticked."""
    finding = BY_NAME[case].judge(known)
    return [one.number for one in finding.evidence] if finding.is_ticked else None


def buys(order: str, *amounts: float) -> dict[str, Any]:
    return created(order, None, *(amounts or (100, 50)))


def gives_back(order: str, **lines: float) -> dict[str, Any]:
    named = {name.removeprefix("line"): amount for name, amount in lines.items()}
    return returned(order, f"R-{order}", named or None, at=day(1))


DUPLICATE = Outcome.DUPLICATE

TABLE: dict[str, tuple[str, list[Make], list[int] | None]] = {
    "nothing": ("first", [], None),
    "purchase": ("first", [told(buys("A"))], [1]),
    "restated": ("first", [told(updated("A", None, 1, at=day(1)))], [1]),
    "return is no purchase": ("first", [told(gives_back("A"))], None),
    "refused before": ("first", [attempt(Outcome.REFUSED), told(buys("A"))], [2]),
    "retry": ("duplicate", [told(buys("A")), attempt(DUPLICATE, webhook_id="msg-1")], [1, 2]),
    "retry by old signature": (
        "duplicate",
        [told(buys("A")), attempt(DUPLICATE, webhook_id="msg-1", timestamp="1")],
        None,
    ),
    "retry with other bytes": (
        "duplicate",
        [told(buys("A")), attempt(Outcome.CONFLICT, webhook_id="msg-1")],
        None,
    ),
    "late retry": (
        "duplicate",
        [
            told(buys("A")),
            attempt(DUPLICATE, webhook_id="msg-1", timestamp="1"),
            told(buys("B")),
            attempt(DUPLICATE, webhook_id="msg-1"),
        ],
        [1, 4],
    ),
    "return first": ("out-of-order", [told(gives_back("A")), told(buys("A"))], [1, 2]),
    "verdict first": ("out-of-order", [told(confirmed("A", at=day(1))), told(buys("A"))], [1, 2]),
    "of two orders": (
        "out-of-order",
        [told(gives_back("A")), told(gives_back("B")), told(buys("C")), told(buys("B"))],
        [2, 4],
    ),
    "in order": ("out-of-order", [told(buys("A")), told(gives_back("A"))], None),
    "never the order": ("out-of-order", [told(gives_back("A")), told(buys("B"))], None),
    "part": ("partial-return", [told(buys("A")), told(gives_back("A", line1=40))], [1, 2]),
    "one of two lines": (
        "partial-return",
        [told(buys("A")), told(gives_back("A", line1=100))],
        [1, 2],
    ),
    "part before": ("partial-return", [told(gives_back("A", line1=40)), told(buys("A"))], [1, 2]),
    "part of a restated one": (
        "partial-return",
        [told(updated("A", None, 9, at=day(1))), told(gives_back("A", line1=1))],
        [1, 2],
    ),
    "both lines": (
        "partial-return",
        [told(buys("A")), told(gives_back("A", line1=100, line2=50))],
        None,
    ),
    "whole": ("partial-return", [told(buys("A")), told(gives_back("A"))], None),
    "nothing of it": ("partial-return", [told(buys("A")), told(gives_back("A", line1=0))], None),
    "more than sold": (
        "partial-return",
        [told(buys("A")), told(gives_back("A", line2=50.01))],
        None,
    ),
    "of another line": ("partial-return", [told(buys("A")), told(gives_back("A", line3=1))], None),
    "of another order": ("partial-return", [told(buys("A")), told(gives_back("B", line1=1))], None),
    "restated for less": (
        "partial-return",
        [told(buys("A")), told(updated("A", None, 60, 50, at=day(1)))],
        None,
    ),
    "byte for byte": (
        "replay",
        [told(buys("A")), attempt(DUPLICATE, webhook_id="msg-1", request="request-1")],
        [1, 2],
    ),
    "of a retry": (
        "replay",
        [
            told(buys("A")),
            attempt(DUPLICATE, webhook_id="msg-1"),
            attempt(DUPLICATE, webhook_id="msg-1", request="request-2"),
        ],
        [2, 3],
    ),
    "signed anew": ("replay", [told(buys("A")), attempt(DUPLICATE, webhook_id="msg-1")], None),
    "of what was refused": (
        "replay",
        [attempt(Outcome.REFUSED), attempt(DUPLICATE, request="request-1")],
        None,
    ),
    "then rightly": (
        "wrong-signature",
        [attempt(Outcome.SIGNATURE), told(buys("A"), webhook_id="msg-1")],
        [1, 2],
    ),
    "of a known event": (
        "wrong-signature",
        [told(buys("A")), attempt(Outcome.SIGNATURE, webhook_id="msg-1")],
        [1, 2],
    ),
    "a stranger's": ("wrong-signature", [told(buys("A")), attempt(Outcome.SIGNATURE)], None),
    "without an id": (
        "wrong-signature",
        [told(buys("A")), attempt(Outcome.SIGNATURE, webhook_id=None)],
        None,
    ),
    "without a signature": (
        "wrong-signature",
        [told(buys("A")), attempt(Outcome.HEADERS, webhook_id="msg-1")],
        None,
    ),
    "old moment": (
        "stale",
        [told(buys("A")), attempt(Outcome.TIMESTAMP, webhook_id="msg-1")],
        [1, 2],
    ),
    "old and unknown": ("stale", [told(buys("A")), attempt(Outcome.TIMESTAMP)], None),
}


@pytest.mark.parametrize("name", TABLE)
def test_which_attempts_tick_a_case(name: str) -> None:
    case, made, expected = TABLE[name]
    assert evidence(case, record(*made)) == expected


def rotated(*made: Make, ended: float | None = None) -> list[int] | None:
    moment = None if ended is None else day(0) + timedelta(seconds=ended)
    return evidence("rotated-key", record(*made, second_secret=SECOND, first_ended_at=moment))


def test_a_rotation_without_a_gap() -> None:
    by_second = told(buys("A"), secret_id=SECOND)
    ended = attempt(Outcome.ENDED)
    assert rotated(by_second, ended, ended=1.5) == [1, 2]
    assert rotated(told(buys("B")), by_second, ended, ended=2.5) == [2, 3]
    assert rotated(by_second, ended=1.5) is None, "the old one was not tried"
    assert rotated(by_second, attempt(Outcome.SIGNATURE), ended=1.5) is None, "a stranger's"
    assert rotated(told(buys("A")), ended, ended=1.5) is None, "by the first"
    assert rotated(ended, by_second, ended=0.5) is None, "only after the first had ended"
    again = attempt(DUPLICATE, webhook_id="msg-1", secret_id=SECOND)
    assert rotated(told(buys("A")), again, ended, ended=2.5) is None, "no new event"


def test_without_a_second_secret_nothing_is_rotated() -> None:
    assert evidence("rotated-key", record(told(buys("A"), secret_id=None))) is None


def notice(kind: NoticeKind, *amounts: int, **known: Any) -> PurchaseNotice:
    lines = tuple(Line(str(number), 1, amount) for number, amount in enumerate(amounts, start=1))
    return PurchaseNotice(kind, day(0), "A", lines=lines, **known)


SOLD = notice(NoticeKind.CREATED, 10_000, 5_000)


@pytest.mark.parametrize(
    ("said", "is_partial"),
    [
        (notice(NoticeKind.CONFIRMED, amount=14_999), True),
        (notice(NoticeKind.CONFIRMED, amount=15_000), False),
        (notice(NoticeKind.CONFIRMED, amount=0), False),
        (notice(NoticeKind.CONFIRMED), False),
        (notice(NoticeKind.UPDATED, 10_000, 4_000), True),
        (notice(NoticeKind.UPDATED, 10_000, 6_000), False),
        (notice(NoticeKind.UPDATED, 9_000, whole=False), True),
        (notice(NoticeKind.UPDATED, 10_000, whole=False), False),
        (notice(NoticeKind.CANCELLED), False),
    ],
)
def test_networks_tell_a_part_in_their_own_ways(said: PurchaseNotice, is_partial: bool) -> None:
    both = [attempt(Outcome.ACCEPTED, one) for one in (SOLD, said)]
    expected = [1, 2] if is_partial else None
    assert evidence("partial-return", record(*both, is_native=False)) == expected
    assert evidence("partial-return", record(*both)) is None
    assert BY_NAME["partial-return"].explain(record(*both), record(*both).attempts[1])


def test_a_verdict_that_restates_the_order_may_come_before_it() -> None:
    approved = (notice(NoticeKind.UPDATED, 100), notice(NoticeKind.CONFIRMED, amount=100))
    known = record(attempt(Outcome.ACCEPTED, *approved), attempt(Outcome.ACCEPTED, SOLD))
    assert evidence("out-of-order", known) == [1, 2]


def test_where_nothing_is_signed_some_cases_do_not_apply() -> None:
    by_key = record(
        attempt(Outcome.ACCEPTED, SOLD, signed=False, webhook_id="sha256:1"),
        attempt(DUPLICATE, signed=False, webhook_id="sha256:1"),
        attempt(Outcome.SIGNATURE, signed=False, webhook_id=None),
        is_native=False,
    )
    skipped = {one.name for one in CASES if one.skip(by_key)}
    assert skipped == {"replay", "stale"}
    assert evidence("duplicate", by_key) == [1, 2]
    assert evidence("wrong-signature", by_key) == [3]
    signed = replace(by_key, attempts=(attempt(Outcome.ACCEPTED, SOLD)(1),))
    assert not [one.name for one in CASES if one.skip(signed)], "networks may sign as well"
    assert not [one.name for one in CASES if one.skip(replace(by_key, is_native=True))]


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.name)
@pytest.mark.parametrize("is_native", [True, False], ids=["native", "network"])
def test_every_case_says_what_it_asks_for_and_what_is_answered(case: Case, is_native: bool) -> None:
    by_key = attempt(Outcome.ACCEPTED, SOLD, signed=False)
    for known in (record(is_native=is_native), record(by_key, is_native=is_native)):
        assert "answer" in case.ask(known)


def halfway(case: str, made: Sequence[Make]) -> str:
    known = record(*made, second_secret=SECOND)
    return BY_NAME[case].judge(known).missing


def test_halfway_it_says_what_is_still_to_come() -> None:
    assert halfway("out-of-order", [told(gives_back("A"))]).endswith("now the order itself, A")
    assert "msg-1, signed rightly" in halfway("wrong-signature", [attempt(Outcome.SIGNATURE)])
    assert "with the first" in halfway("rotated-key", [told(buys("A"), secret_id=SECOND)])
    assert halfway("first", []) == ""


def test_what_an_event_says_in_a_few_words() -> None:
    several = [replace(SOLD, order_id=f"A-{number}") for number in range(5)]
    many = attempt(Outcome.ACCEPTED, *several, notice(NoticeKind.CONFIRMED))(1)
    assert kinds_of(many) == "created A-0, created A-1, created A-2 and 3 more orders"
    both = attempt(Outcome.ACCEPTED, SOLD, notice(NoticeKind.CONFIRMED))(1)
    assert kinds_of(both) == "confirmed+created A"
