"""The operator's billing over HTTP: the port of settlement; only here are its statuses seen."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from http import HTTPStatus
from urllib.parse import quote

from tracker.gateways.billing_wire import (
    read_answer,
    read_answers,
    read_page,
    read_reach,
    says_not_found,
    write_batch,
)
from tracker.gateways.doubts import Doubt, Doubtful
from tracker.gateways.exchange import Exchange, Reply
from tracker.settlement.ports import (
    Answer,
    GatewayUnavailable,
    Outcome,
    Reach,
    StatementLine,
    Told,
    TopUp,
)

MAX_BATCH = 1000
"""Top-ups that the protocol takes in one request."""

_LINES_A_PAGE = 5000
_REST = 5
_LONGEST_REST = 300
"""Seconds to be quiet for when the operator does not say, and at most."""
_JSON = "application/json"
_PROBLEM = "application/problem+json"


class HttpBilling:
    """A BillingGateway over our HTTP protocol (docs/billing-protocol.md).

    Safe to make before a fork and to share between threads. ``timeout`` is in seconds; ``rest``
    is told the seconds for which the operator wants to be left alone.
    """

    def __init__(
        self, base_url: str, token: str, timeout: float, rest: Callable[[int], None] | None = None
    ) -> None:
        self._exchange = Exchange(base_url, token, timeout)
        self._rest = rest or (lambda _: None)

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        """One answer for each top-up, in order; whatever is ambiguous is unknown, with a reason.

        Raises ValueError for a batch above MAX_BATCH or with a key twice: our mistake, not theirs.
        """
        if len(batch) > MAX_BATCH or len({topup.key for topup in batch}) != len(batch):
            raise ValueError(f"a batch is at most {MAX_BATCH} top-ups, each with its own key")
        if not batch:
            return []
        try:
            reply = self._exchange.post("/v1/topups", write_batch(batch))
            return read_answers(self._answered(reply), batch)
        except Doubtful as error:
            return [Answer(topup.key, Outcome.UNKNOWN, reason=error.reason) for topup in batch]

    def query(self, top_up: TopUp) -> Answer:
        """What became of a top-up: paid, failed, not found, or unknown with a reason."""
        key = top_up.key
        try:
            reply = self._exchange.get(f"/v1/topups/{quote(key, safe='')}")
            if _is_not_found(reply, key):
                return Answer(key, Outcome.NOT_FOUND)
            return read_answer(self._answered(reply), top_up)
        except Doubtful as error:
            return Answer(key, Outcome.UNKNOWN, reason=error.reason)

    def statement(self, day: date) -> Iterator[StatementLine]:
        """All paid top-ups of a business day, by key.

        Raises GatewayUnavailable when it cannot be read whole; so does a day that goes on being
        paid into while it is read: ask again later.
        """
        try:
            yield from self._statement(day)
        except Doubtful as error:
            raise GatewayUnavailable(f"no statement of {day}: {error.reason}") from error

    def reach(self, phones: Sequence[str]) -> list[Reach]:
        """Which numbers are the operator's own; a batch that cannot be told is not told."""
        return [
            one
            for start in range(0, len(phones), MAX_BATCH)
            for one in self._reach(phones[start : start + MAX_BATCH])
        ]

    def told(self) -> Iterator[Told]:
        """Nothing: what this operator tells by itself comes to our own door."""
        return iter(())

    def ready(self) -> bool:
        """Whether it is worth handing over anything."""
        return True

    def _reach(self, phones: Sequence[str]) -> list[Reach]:
        try:
            reply = self._exchange.post("/v1/numbers", {"phones": list(phones)})
            return read_reach(self._answered(reply), phones)
        except Doubtful:
            return [Reach.NOT_TOLD for _ in phones]

    def _statement(self, day: date) -> Iterator[StatementLine]:
        count = total = 0
        last: StatementLine | None = None
        after: str | None = ""
        while after is not None:
            params = {"day": day.isoformat(), "after": after, "limit": str(_LINES_A_PAGE)}
            reply = self._exchange.get("/v1/statement", params)
            page = read_page(self._answered(reply), day, last)
            yield from page.lines
            count, total = count + len(page.lines), total + sum(one.amount for one in page.lines)
            after, last = page.next, page.lines[-1] if page.lines else last
            if after is not None and count >= page.count:
                raise Doubtful(Doubt.INCONSISTENT)
        if (count, total) != (page.count, page.total):
            raise Doubtful(Doubt.INCONSISTENT)

    def _answered(self, reply: Reply) -> bytes:
        """The body of a reply that is an answer. Raises Doubtful."""
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
            self._rest(_seconds(reply.retry_after))
        if reply.status == HTTPStatus.CONFLICT:
            raise Doubtful(Doubt.KEY_CONFLICT)
        if reply.status != HTTPStatus.OK:
            raise Doubtful(f"http_{reply.status}")
        if reply.media_type != _JSON:
            raise Doubtful(Doubt.NOT_JSON)
        return reply.body


def _seconds(retry_after: str) -> int:
    """How long to wait by a Retry-After; a date, or what cannot be read, is a short while."""
    plain = retry_after.isascii() and retry_after.isdecimal() and len(retry_after) <= 6
    return min(max(int(retry_after), 1), _LONGEST_REST) if plain else _REST


def _is_not_found(reply: Reply, key: str) -> bool:
    return (
        reply.status == HTTPStatus.NOT_FOUND
        and reply.media_type == _PROBLEM
        and says_not_found(reply.body, key)
    )
