"""Sends events as shops do: signed, over several connections at once, again until acknowledged."""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

from sandbox.replay.line import LOST, Answer, Line
from sandbox.replay.tally import Receipt, Tally
from tracker.kit.errors import TrackerError
from webhooks.signatures import sign

PATIENCE = 120.0
"""Seconds that one event is offered for before the replay gives up."""
CONNECTIONS = 16
_TAKEN = (HTTPStatus.ACCEPTED, HTTPStatus.OK)
_LATER = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_REST = 0.2
_LONGEST_REST = 5.0


class EventRefused(TrackerError):
    """The product refused an event of a replay for good."""

    code = "event_refused"


class ProductAway(TrackerError):
    """The product did not take an event within two minutes."""

    code = "product_away"


class _Stopped(Exception):
    """Another thread has failed: there is no use in going on."""


@dataclass(frozen=True, slots=True)
class Message:
    """An event ready to be sent, but for its signature: that bears the time of sending."""

    shop: str
    webhook_id: str
    body: bytes


def message(shop: str, webhook_id: str, body: Mapping[str, Any]) -> Message:
    """A message of a JSON body: the same bytes for the same body."""
    return Message(shop, webhook_id, json.dumps(body, separators=(",", ":")).encode())


class Sender:
    """Several connections to a product, with the secrets of the shops. Counts the answers."""

    def __init__(
        self, url: str, keys: Mapping[str, bytes], *, connections: int = CONNECTIONS
    ) -> None:
        self.tally = Tally()
        self._keys = keys
        self._lines = [Line(url) for _ in range(connections)]
        self._pool = ThreadPoolExecutor(connections)
        self._stop = threading.Event()

    def send(self, messages: Iterable[Message], told: Callable[[], object]) -> None:
        """Send all; ``told`` is called after each, from any thread.

        Raises EventRefused and ProductAway; some of the messages are not sent then.
        """
        waiting = deque(messages)
        hands = [self._pool.submit(self._drain, line, waiting, told) for line in self._lines]
        for hand in as_completed(hands):
            self.tally.add(hand.result())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._pool.shutdown()
        for line in self._lines:
            line.close()

    def _drain(
        self, line: Line, waiting: deque[Message], told: Callable[[], object]
    ) -> list[Receipt]:
        receipts = []
        with suppress(_Stopped):
            for one in _each(waiting):
                receipts.append(self._deliver(line, one))
                told()
        return receipts

    def _deliver(self, line: Line, one: Message) -> Receipt:
        in_doubt = False
        give_up = time.monotonic() + PATIENCE
        rest = 0.0
        while not self._stop.wait(rest):
            try:
                answer = self._attempt(line, one)
            except LOST as error:
                in_doubt, why, rest = True, repr(error), _REST
            else:
                if answer.status in _TAKEN:
                    known = answer.status == HTTPStatus.OK
                    return Receipt((one.shop, one.webhook_id), known, in_doubt)
                why, rest = _why(answer), min(answer.retry_after or _REST, _LONGEST_REST)
                if answer.status not in _LATER:
                    raise EventRefused(f"{one.webhook_id} of {one.shop}: {why}")
                in_doubt |= answer.status == HTTPStatus.SERVICE_UNAVAILABLE
            if time.monotonic() > give_up:
                raise ProductAway(f"{one.webhook_id} of {one.shop}: {why}")
        raise _Stopped

    def _attempt(self, line: Line, one: Message) -> Answer:
        moment = str(int(time.time()))
        headers = {
            "content-type": "application/json",
            "webhook-id": one.webhook_id,
            "webhook-timestamp": moment,
            "webhook-signature": sign(self._keys[one.shop], one.webhook_id, moment, one.body),
        }
        return line.ask("POST", f"/webhooks/{one.shop}", headers=headers, body=one.body)


def _each(waiting: deque[Message]) -> Iterator[Message]:
    """Messages until none is left; several hands take from one deque."""
    with suppress(IndexError):
        while True:
            yield waiting.popleft()


def _why(answer: Answer) -> str:
    said = answer.document
    faults = "; ".join(f"{one.get('field')}: {one.get('reason')}" for one in said.get("errors", ()))
    told = f"{said.get('code', '')} {said.get('detail', '')} {faults}".strip()
    return f"{answer.status} {told or repr(answer.body[:200])}"
