"""Servers that do as a test's function says, over real TCP."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Manner = Callable[[socket.socket], None]


@contextmanager
def stranger(manner: Manner) -> Iterator[int]:
    """The port of a server that treats each connection in this manner, then closes it."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)

        def attend(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                connection.settimeout(10)
                manner(connection)

        def serve() -> None:
            while not ended.is_set():
                with suppress(TimeoutError):
                    connection, _ = listener.accept()
                    threading.Thread(target=attend, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            ended.set()
            thread.join()


def silent(connection: socket.socket) -> None:
    """Reads, and never says a word."""
    while connection.recv(4096):
        pass


def dripping(octet: bytes) -> Manner:
    """Says the same octet again and again, for longer than anybody waits."""

    def drip(connection: socket.socket) -> None:
        for _ in range(200):
            connection.sendall(octet)
            threading.Event().wait(0.05)

    return drip
