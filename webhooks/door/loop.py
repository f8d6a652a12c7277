"""`/webhooks/<shop slug>` on an event loop: a request that waits costs no thread.

Everything but the transport is shared with the threads of webhooks.door.api.
"""

import asyncio
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from tracker.kit.bodies import SMALL, Application, Bodies, Hold, Receive, Scope, Send
from tracker.kit.bridge import length_of, send_answer, send_problem
from tracker.kit.clock import SystemClock
from tracker.kit.problems import problem_of
from tracker.kit.runtime import Runtime
from webhooks.door.doors import Door, Doors, Look
from webhooks.door.reception import MAX_BODY, Answer, FrontDoor, Keep, Limits, Steps, Try
from webhooks.errors import BodyTooLarge, MediaNotTaken
from webhooks.inbox.announcing import Announcer
from webhooks.inbox.gathering import Gathering
from webhooks.inbox.writer import Stored, Writer
from webhooks.observations.watch import Watch
from webhooks.trials.notebook import Notebook
from webhooks.wire.letters import Letter

LONG = 64 * 1024
"""Bytes of a body that is read in a thread: the loop would stand still for milliseconds."""

LOOKERS = 8
"""Looks at doors at once."""

TASK = "inbox"
_GIVE_WAY = 0.0005
"""Seconds. The usual 5 ms would be waited for at each turn of the loop."""

_PATH = "/webhooks/"
_METHODS = ("POST", "GET")
_JSON = b"application/json"
_TOO_LARGE = bytes(MAX_BODY + 1)
"""Stands for a body that was not kept, being too large for every dialect."""


class Loop:
    """A front door whose requests wait on an event loop; other requests go ``elsewhere``."""

    def __init__(self, tools: Runtime, bodies: Bodies, elsewhere: Application) -> None:
        self._bodies = bodies
        self._elsewhere = elsewhere
        self._doors = Doors(tools.engine, tools.settings.keys)
        nudges = Announcer(partial(tools.nudger.nudge, TASK))
        self._inbox = Gathering(Writer(tools.engine), announce=nudges.ask)
        self._trials = Notebook(tools.engine)
        self._front = FrontDoor(
            self._doors,
            Limits.of(tools.settings),
            Watch(tools.engine),
            self._trials,
            tools.clock,
        )
        self._lookers = ThreadPoolExecutor(LOOKERS, "doors")
        self._readers = ThreadPoolExecutor(1, "long-bodies")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        slug = _slug(scope)
        if slug is None:
            await self._elsewhere(scope, receive, send)
            return
        with self._bodies.hold() as hold:
            try:
                body = await self._body(slug, scope, receive, hold)
            except Exception as error:
                # What is left of its body is nothing that anybody reads.
                await send_problem(send, problem_of(error), close=True)
                return
            try:
                answer = await self.receive(slug, _letter(scope, body), SystemClock().now())
            except Exception as error:
                await send_problem(send, problem_of(error))
                return
        said = json.dumps({"id": answer.event_id, "status": answer.stored}).encode()
        await send_answer(send, answer.status, _JSON, said)

    async def receive(self, slug: str, letter: Letter, now: datetime) -> Answer:
        """Let an event in; durable on return. Raises what webhooks.errors names."""
        steps = self._front.receive(slug, letter, now)
        is_long = len(letter.body) > LONG
        told: Door | Stored | Exception | None = None
        while True:
            if is_long:
                loop = asyncio.get_running_loop()
                wanted = await loop.run_in_executor(self._readers, _advance_aside, steps, told)
            else:
                wanted = _advance(steps, told)
            if isinstance(wanted, Answer):
                return wanted
            told = await self._ask(wanted)

    async def _ask(self, wanted: Look | Keep | Try) -> Door | Stored | Exception:
        try:
            if isinstance(wanted, Keep):
                return await self._inbox.keep(wanted.incoming)
            if isinstance(wanted, Try):
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._lookers, self._trials.keep, wanted.let_in)
            return await self.look(wanted)
        except Exception as error:
            return error

    async def look(self, wanted: Look) -> Door:
        """What the doors find, while the loop goes on."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._lookers, self._doors.look, wanted)

    async def _body(self, slug: str, scope: Scope, receive: Receive, hold: Hold) -> bytes:
        """Raises BodyTooLarge, and what Bodies raises."""
        length = length_of(scope)
        if length is None or length > SMALL:
            return await self._large(slug, length, receive, hold)
        return await self._bodies.small(receive, length)

    async def _large(self, slug: str, length: int | None, receive: Receive, hold: Hold) -> bytes:
        if (length or 0) > MAX_BODY:
            raise BodyTooLarge(MAX_BODY)
        intake = _Intake(self, slug, hold, self._doors.remembered(slug).dialect.max_body)
        await self._bodies.read(receive, intake.take)
        if intake.size > MAX_BODY:
            raise BodyTooLarge(MAX_BODY)
        return hold.whole() if intake.size == hold.size else _TOO_LARGE


@dataclass(slots=True)
class _Intake:
    """A large body on its way in: held as long as the shop's dialect takes as much, and then only
    read to its end, for who is still sending would not see the answer."""

    door: Loop
    slug: str
    hold: Hold
    limit: int
    size: int = 0
    has_looked: bool = False

    async def take(self, piece: bytes) -> bool:
        """Whether more of it is to be read."""
        self.size += len(piece)
        if self.size > self.limit and not self.has_looked:
            self.has_looked = True
            seen = await self.door.look(Look(self.slug, SystemClock().now()))
            self.limit = seen.dialect.max_body
        if self.size <= self.limit:
            self.hold.add(piece)
        else:
            self.hold.drop()
        return self.size <= MAX_BODY


def _advance(steps: Steps, told: Door | Stored | Exception | None) -> Look | Keep | Try | Answer:
    try:
        if isinstance(told, Exception):
            return steps.throw(told)
        return next(steps) if told is None else steps.send(told)
    except StopIteration as end:
        answer: Answer = end.value
        return answer


def _advance_aside(
    steps: Steps, told: Door | Stored | Exception | None
) -> Look | Keep | Try | Answer:
    """In the one thread for long bodies, which gives way to the loop more often than is usual."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(_GIVE_WAY)
    try:
        return _advance(steps, told)
    finally:
        sys.setswitchinterval(usual)


def _slug(scope: Scope) -> str | None:
    """The shop that a request is for; None when it is not for the door."""
    if scope["type"] != "http" or scope["method"] not in _METHODS:
        return None
    before, found, slug = scope["path"].partition(_PATH)
    return slug if found and not before and slug and "/" not in slug else None


def _letter(scope: Scope, body: bytes) -> Letter:
    """Raises MediaNotTaken for what nobody reads."""
    letter = Letter(scope["method"], _headers(scope), scope["query_string"], body)
    if letter.content is None:
        raise MediaNotTaken
    return letter


def _headers(scope: Scope) -> dict[str, str]:
    """By name; those that stand several times are joined, and no signature survives that."""
    given: list[tuple[bytes, bytes]] = scope["headers"]
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in given}
    if len(headers) < len(given):
        headers = {}
        for name, value in given:
            key, text = name.decode("latin-1"), value.decode("latin-1")
            headers[key] = f"{headers[key]},{text}" if key in headers else text
    return headers
