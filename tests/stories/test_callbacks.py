"""What the operator tells by itself: a hint to ask, and a finding where it goes against our books;
a registry's acknowledgements are its word."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.stories.months import earns, started
from tests.stories.operators import Operator, states, work
from tests.world import World
from tracker.kit.runtime import Runtime
from tracker.ledger.service import Balance
from tracker.reconciliation.jobs import keep_watch
from tracker.settlement.ports import Answer, Outcome, StatementLine, StatementNotYet, Told

TOKEN = "token-of-the-operator"
DUE = "300.00"


@pytest.fixture
def calling(tools: Runtime) -> World:
    """A deployment whose operator has a token; two members are on the started list."""
    settings = replace(tools.settings, billing_callback_token=TOKEN)
    world = World(Runtime(settings, tools.engine, tools.nudger))
    shop = world.shop(cashback=1000)
    for member in world.members(2):
        earns(world, shop, member, 100)
    started(world)
    return world


def result(key: str = "payout:1", status: str = "paid", **other: Any) -> dict[str, Any]:
    shapes: dict[str, dict[str, Any]] = {
        "paid": {"reference": f"ref-{key}", "reason": None, "at": "2011-01-01T09:00:00+03:00"},
        "failed": {"reference": None, "reason": "number_closed", "at": None},
        "accepted": {"reference": None, "reason": None, "at": None},
    }
    return {"key": key, "status": status, "amount": DUE, **shapes[status], **other}


def call(
    world: World, *results: Mapping[str, Any], authorization: str | None = f"Bearer {TOKEN}"
) -> TestResponse:
    headers = {} if authorization is None else {"Authorization": authorization}
    body = {"results": list(results)}
    return world.client().post("/billing/callbacks", json=body, headers=headers)


def findings(world: World) -> list[tuple[str, str, str]]:
    rows = world.query("SELECT kind, key, detail FROM settlement_findings ORDER BY key, detail")
    return [(row.kind, row.key, row.detail) for row in rows]


def test_only_the_operator_is_listened_to(calling: World) -> None:
    for authorization in (None, "", "Bearer", "Bearer ", "Bearer other", f"Basic {TOKEN}", TOKEN):
        assert call(calling, result(), authorization=authorization).status_code == 401
    assert findings(calling) == []


def test_without_a_token_nobody_is(world: World) -> None:
    for authorization in ("Bearer ", "Bearer", None):
        assert call(world, result(), authorization=authorization).status_code == 401


WRONG: tuple[dict[str, Any], ...] = (
    {"amount": 300},
    {"amount": "300.001"},
    {"status": "unknown"},
    {"reason": "closed"},
    {"reference": None},
    {"at": None},
    {"at": "2011-01-01"},
    {"key": "payout 1"},
    {"more": 1},
)


def test_what_is_not_as_the_protocol_says_is_refused(calling: World) -> None:
    for wrong in WRONG:
        assert call(calling, {**result(), **wrong}).status_code == 422, wrong
    assert call(calling).status_code == 422
    assert findings(calling) == []


def test_a_callback_makes_us_ask_and_settles_nothing(calling: World) -> None:
    operator = Operator(says=Outcome.ACCEPTED)
    work(calling, operator)
    assert states(calling) == ["submitted", "submitted"]
    # Whatever it says, also twice: our own question is answered by the operator's books.
    for _ in range(2):
        assert call(calling, result("payout:1", "failed")).status_code == 204
    assert states(calling) == ["submitted", "submitted"]
    work(calling, operator)
    assert states(calling) == ["paid", "submitted"]
    assert operator.asked == ["payout:1"]
    assert findings(calling) == []


def test_what_goes_against_our_books_is_a_finding(calling: World) -> None:
    work(calling, Operator())
    assert states(calling) == ["paid", "paid"]
    told = (
        result("payout:1", "paid"),
        result("payout:1", "failed"),
        result("payout:2", "paid", amount="301.00"),
        result("payout:9", "paid"),
        result("foreign", "accepted"),
    )
    for _ in range(2):
        assert call(calling, *told).status_code == 204
    assert findings(calling) == [
        ("contradiction", "foreign", "no_such_payout"),
        ("contradiction", "payout:1", "failed_though_paid"),
        ("contradiction", "payout:2", "amount_differs"),
        ("contradiction", "payout:9", "no_such_payout"),
    ]
    assert states(calling) == ["paid", "paid"]
    assert calling.differences() == []


def test_a_callback_before_anything_was_sent(calling: World) -> None:
    assert call(calling, result()).status_code == 204
    assert findings(calling) == [("contradiction", "payout:1", "paid_though_prepared")]
    assert states(calling) == ["prepared", "prepared"]


@dataclass(slots=True)
class Registry(Operator):
    """Accepts, has no statement of today, and acknowledges by files."""

    files: list[Told] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)

    def statement(self, day: date) -> Iterator[StatementLine]:
        raise StatementNotYet(f"{day} is not over")

    def told(self) -> Iterator[Told]:
        return iter(self.files[len(self.taken) :])

    def acknowledge(self, answers: list[Answer], amounts: Mapping[str, int]) -> None:
        number = len(self.files)
        self.files.append(Told(answers, amounts, lambda: self.taken.append(number)))


def test_an_acknowledgement_is_the_operators_word(calling: World) -> None:
    operator = Registry(says=Outcome.ACCEPTED)
    work(calling, operator)
    assert states(calling) == ["submitted", "submitted"]
    operator.acknowledge(
        [
            Answer("payout:1", Outcome.PAID, "R-1"),
            Answer("payout:2", Outcome.FAILED, reason="number_closed"),
            Answer("payout:3", Outcome.PAID, "R-3"),
        ],
        {"payout:1": 30_000, "payout:2": 30_000, "payout:3": 100},
    )
    for _ in range(2):
        keep_watch(calling.watch_of(operator))
    assert states(calling) == ["paid", "failed"]
    assert operator.taken == [0]
    assert calling.balance(2) == Balance(0, 30_000, 0)
    assert findings(calling) == [("contradiction", "payout:3", "no_such_payout")]
    assert calling.differences() == []


def test_an_acknowledgement_of_another_amount_settles_nothing(calling: World) -> None:
    operator = Registry(says=Outcome.ACCEPTED)
    work(calling, operator)
    operator.acknowledge([Answer("payout:1", Outcome.PAID, "R-1")], {"payout:1": 30_001})
    keep_watch(calling.watch_of(operator))
    assert states(calling) == ["submitted", "submitted"]
    assert findings(calling) == [("contradiction", "payout:1", "amount_differs")]
    assert operator.taken == [0]


def test_an_acknowledgement_settles_also_what_is_with_staff(calling: World) -> None:
    operator = Registry(says=Outcome.ACCEPTED)
    work(calling, operator)
    calling.change("UPDATE payouts SET state = 'with_staff', ended_at = now() WHERE id = 1")
    operator.acknowledge([Answer("payout:1", Outcome.PAID, "R-1")], {"payout:1": 30_000})
    keep_watch(calling.watch_of(operator))
    assert states(calling) == ["paid", "submitted"]
    assert calling.differences() == []
