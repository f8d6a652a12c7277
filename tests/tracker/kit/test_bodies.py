"""Bodies on an event loop, and the bridge to WSGI: limits of time, of room, of length."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import pytest

from tracker.kit.bodies import Bodies, BodyBrokenOff, BodyTooSlow, Message, NoRoom, Receive
from tracker.kit.bridge import Bridge

Told = tuple[int, dict[str, str], bytes]


def piece(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


GONE: Message = {"type": "http.disconnect"}


def coming(*messages: Message) -> Receive:
    """These, and then nothing for ever."""
    left = list(messages)

    async def receive() -> Message:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    return receive


def bodies(*, seconds: float = 5, room: int = 100) -> Bodies:
    return Bodies(seconds=seconds, room=room)


async def read(held: Bodies, receive: Receive) -> bytes:
    """The whole body."""
    with held.hold() as hold:

        async def take(part: bytes) -> bool:
            hold.add(part)
            return True

        await held.read(receive, take)
        return hold.whole()


def small(held: Bodies, receive: Receive) -> Awaitable[bytes]:
    return held.small(receive, 4)


EITHER_WAY = pytest.mark.parametrize("way", [read, small])
Way = Callable[[Bodies, Receive], Awaitable[bytes]]


@EITHER_WAY
@pytest.mark.parametrize("parts", ["abcd", "ab cd", "a  bc d"])
def test_a_body_is_read_in_whatever_pieces_it_comes(way: Way, parts: str) -> None:
    messages = [piece(part.encode(), more=True) for part in parts.split(" ")]
    assert asyncio.run(_run(way(bodies(), coming(*messages, piece(b""))))) == b"abcd"


@EITHER_WAY
def test_a_body_that_was_broken_off_is_nobodys(way: Way) -> None:
    with pytest.raises(BodyBrokenOff):
        asyncio.run(_run(way(bodies(), coming(piece(b"abc", more=True), GONE))))


@EITHER_WAY
def test_a_body_that_does_not_come_is_given_up_on(way: Way) -> None:
    with pytest.raises(BodyTooSlow):
        asyncio.run(_run(way(bodies(seconds=0.1), coming(piece(b"a", more=True)))))


@EITHER_WAY
def test_who_is_told_to_stop_is_not_called_slow(way: Way) -> None:
    async def stopped() -> None:
        task = asyncio.ensure_future(way(bodies(), coming(piece(b"a", more=True))))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(stopped())


def test_each_waits_for_its_own_time_and_the_others_go_on() -> None:
    async def both() -> Sequence[bytes | BaseException]:
        held, word = bodies(seconds=0.3), asyncio.Event()

        async def late() -> Message:
            await word.wait()
            return piece(b"abcd")

        first = asyncio.ensure_future(small(held, coming()))
        await asyncio.sleep(0.2)
        second = asyncio.ensure_future(small(held, late))
        await asyncio.wait([first])
        word.set()
        return await asyncio.gather(first, second, return_exceptions=True)

    slow, good = asyncio.run(both())
    assert isinstance(slow, BodyTooSlow)
    assert good == b"abcd"


def test_room_is_given_back() -> None:
    held = bodies(room=10)

    async def several() -> None:
        for _ in range(3):
            assert await read(held, coming(piece(b"0123456789"))) == b"0123456789"
        with pytest.raises(NoRoom):
            await read(held, coming(piece(b"01234", more=True), piece(b"567890")))
        with held.hold() as one:
            one.add(b"0123456")
            with pytest.raises(NoRoom):
                await read(held, coming(piece(b"0123")))
            one.drop()
            assert await read(held, coming(piece(b"0123456789")))

    asyncio.run(several())


async def _run(what: Awaitable[bytes]) -> bytes:
    return await what


# -- the bridge -----------------------------------------------------------------------------------


def echo(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Says what it was asked."""
    length = int(environ["CONTENT_LENGTH"])
    said = {
        "query": environ["QUERY_STRING"],
        "length": length,
        "body": environ["wsgi.input"].read(length).decode(),
        "chunked": "HTTP_TRANSFER_ENCODING" in environ,
    }
    start("200 OK", [("X-Said", "yes")])
    return [json.dumps(said).encode()]


def ask(
    bridge: Bridge,
    *messages: Message,
    headers: Sequence[tuple[bytes, bytes]] = (),
    query: bytes = b"",
) -> Told:
    return asyncio.run(asked(bridge, *messages, headers=headers, query=query))


async def asked(
    bridge: Bridge,
    *messages: Message,
    headers: Sequence[tuple[bytes, bytes]] = (),
    query: bytes = b"",
) -> Told:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/",
        "query_string": query,
        "headers": list(headers),
    }
    await bridge(scope, coming(*messages), send)
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(one["body"] for one in sent[1:])


def bridge(held: Bodies, wsgi: Any = echo, *, threads: int = 2, waiting: int = 2) -> Bridge:
    return Bridge(wsgi, held, threads=threads, waiting=waiting, limit=10)


def length(size: int) -> list[tuple[bytes, bytes]]:
    return [(b"content-length", b"%d" % size)]


CHUNKED = [(b"transfer-encoding", b"chunked")]


@pytest.mark.parametrize("given", [length(4), CHUNKED], ids=["of a length", "in chunks"])
def test_a_request_goes_over_whole(given: list[tuple[bytes, bytes]]) -> None:
    parts = (piece(b"ab", more=True), piece(b"cd", more=True), piece(b""))
    status, headers, said = ask(bridge(bodies()), *parts, headers=given)
    assert (status, headers["x-said"]) == (200, "yes")
    assert json.loads(said) == {"query": "", "length": 4, "body": "abcd", "chunked": False}


def test_a_request_without_a_body_waits_for_none() -> None:
    assert json.loads(ask(bridge(bodies()))[2])["length"] == 0


def test_any_query_goes_over() -> None:
    said = json.loads(ask(bridge(bodies()), query=b"a=%20b&\xff=1 2")[2])
    assert said["query"] == "a=%20b&%FF=1%202"


def test_what_is_too_long_is_cut_behind_the_limit_and_told_as_too_long() -> None:
    told = json.loads(ask(bridge(bodies()), headers=length(2**40))[2])
    assert (told["length"], told["body"]) == (2**40, "")
    parts = [piece(b"0123456", more=True)] * 5
    told = json.loads(ask(bridge(bodies()), *parts, headers=CHUNKED)[2])
    assert told["length"] == 14


@pytest.mark.parametrize(
    ("held", "status", "code"),
    [(bodies(seconds=0.1), 408, "body_too_slow"), (bodies(room=3), 503, "busy")],
    ids=["slow", "no room"],
)
def test_refusals_are_problem_documents(held: Bodies, status: int, code: str) -> None:
    found, headers, said = ask(bridge(held), piece(b"abcd", more=True), headers=length(8))
    assert (found, json.loads(said)["code"]) == (status, code)
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    assert headers.get("retry-after", "5") == "5"


def test_only_so_many_wait_for_a_thread() -> None:
    go_on = threading.Event()

    def slow(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        go_on.wait(10)
        start("200 OK", [])
        return [b""]

    async def crowd() -> list[int]:
        over = bridge(bodies(), slow, threads=1, waiting=2)
        first = [asyncio.ensure_future(asked(over)) for _ in range(5)]
        done, _ = await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        assert {one.result()[0] for one in done} == {503}
        go_on.set()
        statuses = [(await one)[0] for one in first]
        return [*statuses, (await asked(over))[0]]

    assert asyncio.run(crowd()) == [200, 200, 200, 503, 503, 200]
