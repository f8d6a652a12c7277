"""The operator's billing behind a circuit breaker: an operator in trouble is left alone."""

from collections.abc import Iterator, Sequence
from datetime import date
from http import HTTPStatus

from tracker.gateways.circuit import Circuit, CircuitOpen
from tracker.gateways.doubts import Doubt
from tracker.settlement.ports import (
    Answer,
    BillingGateway,
    Outcome,
    Reach,
    StatementLine,
    Told,
    TopUp,
)

TRIAL = TopUp("circuit:trial", "", 0)
"""What is asked about once the circuit's rest is over. No payout has such a key: "not found" says
that the operator's books can be asked again, and no member's money is tried with."""


class GuardedBilling:
    """A BillingGateway that hands over nothing while its circuit is open.

    Nor does it ask about a payout then: the schedule of questions is not used up on an operator
    that is away. Statements and whose a number is have no part in it.
    """

    def __init__(self, gateway: BillingGateway, circuit: Circuit) -> None:
        self._gateway = gateway
        self._circuit = circuit

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        """As the gateway; unknown for ``circuit_open`` when it was not sent."""
        if not batch:
            return []
        try:
            return self._circuit.call(lambda: self._gateway.submit(batch), _nothing_known)
        except CircuitOpen:
            return [_unasked(topup) for topup in batch]

    def query(self, top_up: TopUp) -> Answer:
        """As the gateway; unknown for ``circuit_open`` when it was not asked."""
        try:
            return self._circuit.call(lambda: self._gateway.query(top_up), _not_told)
        except CircuitOpen:
            return _unasked(top_up)

    def statement(self, day: date) -> Iterator[StatementLine]:
        """As the gateway."""
        return self._gateway.statement(day)

    def reach(self, phones: Sequence[str]) -> list[Reach]:
        """As the gateway."""
        return self._gateway.reach(phones)

    def told(self) -> Iterator[Told]:
        """As the gateway."""
        return self._gateway.told()

    def ready(self) -> bool:
        """Whether it is worth handing over anything; asks a small question when it is time to."""
        return self._gateway.ready() and self._circuit.lets_through(
            lambda: self._gateway.query(TRIAL), _not_told
        )


def _nothing_known(answers: Sequence[Answer]) -> bool:
    """A batch of which nothing came out."""
    return all(_not_told(answer) for answer in answers)


def _not_told(answer: Answer) -> bool:
    """A conflict of keys is a word, and one who tells us to wait is well: that is seen to apart."""
    return answer.outcome is Outcome.UNKNOWN and answer.reason not in (
        Doubt.KEY_CONFLICT,
        f"http_{HTTPStatus.TOO_MANY_REQUESTS}",
    )


def _unasked(topup: TopUp) -> Answer:
    return Answer(topup.key, Outcome.UNKNOWN, reason=Doubt.CIRCUIT_OPEN)
