"""The circuit around the operator: shared by all workers, closed when Redis knows nothing."""

import multiprocessing
import socket
from collections.abc import Iterator, Sequence
from datetime import date

import pytest
from redis import Redis

from sandbox.servers import EmbeddedServers
from tests.tracker.gateways.strangers import stranger
from tracker.gateways.billing import HttpBilling
from tracker.gateways.circuit import FAILURES, Circuit
from tracker.gateways.guarded import TRIAL, GuardedBilling
from tracker.kit.tasks import connect_redis
from tracker.settlement.ports import (
    Answer,
    GatewayUnavailable,
    Outcome,
    Reach,
    StatementLine,
    Told,
    TopUp,
)

ONE = TopUp("payout:1", "+79000000001", 100)
TWO = TopUp("payout:2", "+79000000002", 100)


class Operator:
    """A billing that answers as it is told to, and counts what it is asked."""

    def __init__(self, reason: str | None = None) -> None:
        self.reason = reason
        self.batches = 0
        self.questions: list[str] = []

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        self.batches += 1
        return [self._answer(topup.key) for topup in batch]

    def query(self, top_up: TopUp) -> Answer:
        self.questions.append(top_up.key)
        if self.reason is None and top_up == TRIAL:
            return Answer(top_up.key, Outcome.NOT_FOUND)
        return self._answer(top_up.key)

    def statement(self, day: date) -> Iterator[StatementLine]:
        raise GatewayUnavailable(f"no statement of {day}")

    def reach(self, phones: Sequence[str]) -> list[Reach]:
        return [Reach.NOT_TOLD for _ in phones]

    def told(self) -> Iterator[Told]:
        return iter(())

    def ready(self) -> bool:
        return True

    def _answer(self, key: str) -> Answer:
        if self.reason is None:
            return Answer(key, Outcome.FAILED, reason="number_closed")
        return Answer(key, Outcome.UNKNOWN, reason=self.reason)


@pytest.fixture
def redis(servers: EmbeddedServers) -> Iterator["Redis"]:
    with connect_redis(servers.addresses.redis_url) as client:
        client.flushall()
        yield client


def worker(operator: Operator, redis: "Redis", rest: int = 60) -> GuardedBilling:
    """One of several workers: each has its own circuit, and the same Redis."""
    return GuardedBilling(operator, Circuit(redis, rest=rest))


def fail(billing: GuardedBilling, times: int = FAILURES) -> None:
    for _ in range(times):
        billing.submit([ONE])


def over(redis: "Redis") -> None:
    """The rest is over: the circuit was opened long ago."""
    redis.set("billing:pybreaker:opened_at", 1)


def test_failures_open_the_circuit_for_all_workers(redis: "Redis") -> None:
    operator = Operator("timeout")
    first, second = worker(operator, redis), worker(operator, redis)
    fail(first, FAILURES - 1)
    assert second.ready()
    assert second.submit([ONE]) == [Answer(ONE.key, Outcome.UNKNOWN, reason="timeout")]
    assert not first.ready()
    assert not second.ready()
    assert first.submit([ONE, TWO]) == [
        Answer(one.key, Outcome.UNKNOWN, reason="circuit_open") for one in (ONE, TWO)
    ]
    assert operator.batches == FAILURES


def test_each_job_is_a_process_and_its_failure_is_counted(redis: "Redis") -> None:
    billing = worker(Operator("timeout"), redis)
    fail(billing)
    over(redis)
    redis.set("billing:pybreaker:state", "closed")
    redis.set("billing:pybreaker:fail_counter", 0)
    for _ in range(FAILURES):
        assert billing.ready()
        job = multiprocessing.get_context("fork").Process(target=fail, args=(billing, 1))
        job.start()
        job.join()
    assert not billing.ready()


@pytest.mark.parametrize("reason", [None, "key_conflict", "http_429"])
def test_a_word_of_the_operator_is_no_failure(redis: "Redis", reason: str | None) -> None:
    billing = worker(Operator(reason), redis)
    fail(billing, FAILURES + 1)
    assert billing.ready()


def test_only_failures_in_a_row_count(redis: "Redis") -> None:
    operator = Operator("http_500")
    billing = worker(operator, redis)
    for _ in range(3):
        fail(billing, FAILURES - 1)
        operator.reason = None
        billing.submit([ONE])
        operator.reason = "http_500"
    assert billing.ready()


def test_our_own_mistake_does_not_open_it(redis: "Redis") -> None:
    class Strict(Operator):
        def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
            raise ValueError(f"a key twice: {batch}")

    billing = worker(Strict(), redis)
    for _ in range(FAILURES + 1):
        with pytest.raises(ValueError, match="twice"):
            billing.submit([ONE])
    assert billing.ready()


def test_a_job_whose_time_is_up_within_a_call_sees_just_that(redis: "Redis") -> None:
    class Hanging(Operator):
        def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
            raise InterruptedError(len(batch))

    billing = worker(Hanging(), redis)
    for _ in range(FAILURES):
        with pytest.raises(InterruptedError):
            billing.submit([ONE])
    assert not billing.ready()


def test_the_trial_is_a_question_of_nobodys_money(redis: "Redis") -> None:
    operator = Operator("timeout")
    billing = worker(operator, redis)
    fail(billing)
    assert not billing.ready()
    assert operator.questions == []
    over(redis)
    assert not billing.ready()
    assert operator.questions == [TRIAL.key]
    operator.reason = None
    assert not billing.ready()
    over(redis)
    assert billing.ready()
    assert worker(operator, redis).ready()
    assert (operator.batches, operator.questions) == (FAILURES, [TRIAL.key] * 2)


def test_it_is_asked_about_nobody_while_it_rests(redis: "Redis") -> None:
    operator = Operator("timeout")
    billing = worker(operator, redis)
    fail(billing)
    assert billing.query(ONE).reason == "circuit_open"
    assert operator.questions == []
    operator.reason = None
    over(redis)
    assert billing.query(ONE).outcome is Outcome.FAILED
    assert billing.ready()


def test_an_emptied_redis_closes_it(redis: "Redis") -> None:
    billing = worker(Operator("timeout"), redis)
    fail(billing)
    assert not billing.ready()
    redis.flushall()
    assert billing.ready()
    assert billing.submit([ONE])[0].reason == "timeout"


def test_redis_emptied_within_a_call_loses_no_answer(redis: "Redis") -> None:
    class Flushing(Operator):
        def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
            redis.flushall()
            return super().submit(batch)

    billing = worker(Flushing(), redis)
    assert [billing.submit([ONE])[0].outcome for _ in range(3)] == [Outcome.FAILED] * 3


def test_without_redis_calls_go_through() -> None:
    operator = Operator()
    billing = worker(operator, connect_redis("redis://127.0.0.1:9/0"))
    assert billing.ready()
    assert billing.submit([ONE])[0].outcome is Outcome.FAILED
    operator.reason = "timeout"
    fail(billing, FAILURES + 1)
    assert billing.query(ONE).reason == "circuit_open", "each worker counts for itself"
    assert worker(operator, connect_redis("redis://127.0.0.1:9/0")).query(ONE).reason == "timeout"


def test_redis_that_goes_away_later_stops_nothing(servers: EmbeddedServers) -> None:
    with connect_redis(servers.addresses.redis_url) as client:
        client.flushall()
        operator = Operator()
        billing = worker(operator, client)
        assert billing.ready()
        client.connection_pool.connection_kwargs.update(port=9, path="/nowhere")
        client.connection_pool.disconnect()
        assert billing.ready()
        assert billing.submit([ONE])[0].outcome is Outcome.FAILED
        assert billing.query(ONE).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("header", "seconds"), [(b"7", 7), (b"", 5), (b"tomorrow", 5), (b"0", 1), (b"999999", 300)]
)
def test_an_operator_that_says_429_is_left_alone(
    redis: "Redis", header: bytes, seconds: int
) -> None:
    said = b"HTTP/1.1 429 Busy\r\nRetry-After: " + header + b"\r\nContent-Length: 0\r\n\r\n"
    circuit = Circuit(redis)

    def busy(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(said)

    with stranger(busy) as port:
        http = HttpBilling(f"http://127.0.0.1:{port}", "token", 5, circuit.rest)
        billing = GuardedBilling(http, circuit)
        assert billing.ready()
        assert billing.submit([ONE])[0].reason == "http_429"
        assert not billing.ready()
        assert billing.submit([ONE])[0].reason == "circuit_open"
        assert billing.query(ONE).reason == "circuit_open"
    assert redis.ttl("tracker:billing:rest") in (seconds, seconds - 1)
    redis.delete("tracker:billing:rest")
    assert billing.ready()
