"""What settlement relies on, of each adapter: the same scenarios over HTTP and through files."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from redis import Redis

from sandbox.billing.process import running_billing
from sandbox.servers import EmbeddedServers
from tests.tracker.gateways.registries import FolderOperator, billing, folder
from tracker.gateways.billing import HttpBilling
from tracker.gateways.circuit import Circuit
from tracker.gateways.guarded import GuardedBilling
from tracker.kit.clock import moscow_date
from tracker.settlement.ports import (
    Answer,
    BillingGateway,
    GatewayUnavailable,
    Outcome,
    Reach,
    TopUp,
)

TODAY = date(2011, 1, 1)
NOON = "2011-01-01T12:00:00+03:00 x0 @0"
GOOD = TopUp("payout:1", "+79000000001", 15_000)
BAD = TopUp("payout:2", "+79990000001", 700)
LATER = TopUp("payout:3", "+79000000003", 1)
TAKEN = {Outcome.PAID, Outcome.FAILED, Outcome.ACCEPTED}


@dataclass(frozen=True, slots=True)
class Place:
    """An adapter, and its operator, who can be made to work or to go away."""

    gateway: BillingGateway
    work: Callable[[], None]
    leave: Callable[[], object]


@pytest.fixture(params=["http", "guarded", "registry"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, servers: EmbeddedServers
) -> Iterator[Place]:
    with ExitStack() as stack:
        if request.param == "registry":
            root = folder(tmp_path / "registries")
            operator, gateway = FolderOperator(root), billing(root)

            def work() -> None:
                operator.work()
                for told in gateway.told():
                    told.taken()

            yield Place(gateway, work, lambda: root.rename(tmp_path / "away"))
            return
        process = stack.enter_context(running_billing(tmp_path, token="secret", clock=NOON))
        http = HttpBilling(process.url, "secret", timeout=10)
        redis = stack.enter_context(Redis.from_url(servers.addresses.redis_url))
        redis.flushall()
        guarded = GuardedBilling(http, Circuit(redis))
        chosen = guarded if request.param == "guarded" else http
        yield Place(chosen, lambda: None, process.kill)


def outcomes(answers: list[Answer]) -> list[Outcome]:
    return [answer.outcome for answer in answers]


def test_a_month_from_the_first_question_to_the_statement(place: Place) -> None:
    gateway = place.gateway
    assert gateway.ready()
    assert gateway.submit([]) == []
    assert gateway.query(GOOD) == Answer(GOOD.key, Outcome.NOT_FOUND)
    answers = gateway.submit([BAD, GOOD])
    assert [answer.key for answer in answers] == [BAD.key, GOOD.key]
    assert set(outcomes(answers)) <= TAKEN
    assert set(outcomes(gateway.submit([GOOD, BAD]))) <= TAKEN
    place.work()
    assert set(outcomes(gateway.submit([GOOD]))) <= TAKEN
    place.work()

    paid, failed = gateway.query(GOOD), gateway.query(BAD)
    assert paid.outcome is Outcome.PAID
    assert paid.reference
    assert paid.paid_at is not None
    assert moscow_date(paid.paid_at) == TODAY
    assert failed == Answer(BAD.key, Outcome.FAILED, reason="number_not_served")
    assert gateway.query(LATER).outcome is Outcome.NOT_FOUND
    (line,) = gateway.statement(TODAY)
    assert (line.key, line.phone, line.amount) == (GOOD.key, GOOD.phone, GOOD.amount)
    assert (line.reference, line.at) == (paid.reference, paid.paid_at)


def test_a_key_is_for_one_sum_and_one_number(place: Place) -> None:
    gateway = place.gateway
    gateway.submit([GOOD])
    for other in (
        TopUp(GOOD.key, GOOD.phone, GOOD.amount + 1),
        TopUp(GOOD.key, LATER.phone, GOOD.amount),
    ):
        answers = gateway.submit([LATER, other])
        assert outcomes(answers) == [Outcome.UNKNOWN] * 2
        assert {answer.reason for answer in answers} == {"key_conflict"}
    place.work()
    assert gateway.query(LATER).outcome is Outcome.NOT_FOUND
    assert gateway.query(TopUp(GOOD.key, GOOD.phone, 1)).outcome is Outcome.UNKNOWN
    assert gateway.query(GOOD).outcome is Outcome.PAID
    assert gateway.ready()


def test_a_full_batch_is_taken_in_order(place: Place) -> None:
    batch = [TopUp(f"payout:{n}", "+79000000001", n) for n in range(1000, 0, -1)]
    answers = place.gateway.submit(batch)
    assert [answer.key for answer in answers] == [one.key for one in batch]
    place.work()
    lines = [(line.key, line.reference) for line in place.gateway.statement(TODAY)]
    assert len(lines) == 1000
    assert lines == sorted(lines)


@pytest.mark.parametrize("batch", [[GOOD, GOOD], [TopUp(f"k:{n}", "+79", 1) for n in range(1001)]])
def test_our_own_mistakes_are_raised_and_send_nothing(place: Place, batch: list[TopUp]) -> None:
    with pytest.raises(ValueError, match="its own key"):
        place.gateway.submit(batch)
    assert place.gateway.query(batch[0]).outcome is Outcome.NOT_FOUND


def test_whose_numbers_are_is_told_or_not(place: Place) -> None:
    assert place.gateway.reach([]) == []
    first, second = place.gateway.reach([GOOD.phone, BAD.phone])
    assert (first, second) in {
        (Reach.SERVED, Reach.NOT_SERVED),
        (Reach.NOT_TOLD, Reach.NOT_TOLD),
    }
    assert len(place.gateway.reach([GOOD.phone] * 2500)) == 2500


def test_an_operator_that_is_away_leaves_all_unknown(place: Place) -> None:
    gateway = place.gateway
    gateway.submit([GOOD])
    place.leave()
    for _ in range(4):
        answers = gateway.submit([GOOD, LATER])
        assert outcomes(answers) == [Outcome.UNKNOWN] * 2
        assert all(answer.reason for answer in answers)
        assert gateway.query(GOOD).outcome is Outcome.UNKNOWN
    with pytest.raises(GatewayUnavailable):
        list(gateway.statement(TODAY))
    assert gateway.reach([GOOD.phone]) == [Reach.NOT_TOLD]
    assert gateway.ready() is isinstance(gateway, HttpBilling)
