"""Many keep-alive clients in one thread: each sends its next request when its answer is in.

The generator must not be what is measured, so requests come ready made and answers are only looked
at as far as needed: the status, and where the answer ends.
"""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
_STATUS = slice(9, 12)
_PATIENCE = 30.0
_REST = 0.005
"""Seconds until those who rest ask again."""


@dataclass(slots=True)
class Load:
    """What came back: statuses, and seconds from request to answer."""

    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)

    def percentile(self, part: float) -> float:
        """The latency in milliseconds that this part of the answers did not exceed."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))]


class _Client:
    __slots__ = ("_answer", "_sent", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answer = b""
        self._sent = 0.0

    def send(self, request: bytes) -> None:
        self._sent = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> tuple[int, float] | None:
        """The status and the seconds it took, once the answer is whole."""
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionError("the server hung up")
        self._answer += part
        head, found, body = self._answer.partition(_HEAD_END)
        if not found or len(body) < _length(head):
            return None
        status, self._answer = int(head[_STATUS]), b""
        return status, time.perf_counter() - self._sent


Gate = Callable[[], bool]


def drive(
    port: int,
    requests: Iterator[bytes],
    *,
    clients: int,
    seconds: float,
    may_send: Gate = lambda: True,
) -> Load:
    """Send requests over so many connections until the time is over or they run out.

    Whoever may not send rests until it may.
    """
    load = Load()
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        resting = [_opened(stack, selector, port) for _ in range(clients)]
        waiting = 0
        deadline = time.perf_counter() + seconds
        while True:
            is_over = time.perf_counter() >= deadline
            while resting and not is_over and may_send():
                request = next(requests, None)
                is_over = request is None
                if request is not None:
                    resting.pop().send(request)
                    waiting += 1
            if is_over and not waiting:
                return load
            ready = selector.select(_REST if resting and not is_over else _PATIENCE)
            if waiting and not ready and not resting:
                raise TimeoutError(f"no answer in {_PATIENCE:.0f} s")
            for key, _ in ready:
                answer = key.data.receive()
                if answer is not None:
                    load.statuses[answer[0]] += 1
                    load.latencies.append(answer[1])
                    waiting -= 1
                    resting.append(key.data)


def _opened(stack: ExitStack, selector: selectors.BaseSelector, port: int) -> _Client:
    client = _Client(port)
    stack.callback(client.socket.close)
    selector.register(client.socket, selectors.EVENT_READ, client)
    return client


def _length(head: bytes) -> int:
    found = head.lower().partition(_LENGTH)[2]
    return int(found.partition(b"\r\n")[0])
