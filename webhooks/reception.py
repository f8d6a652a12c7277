"""What happens at the front door, whatever carries the requests: verify, read, store, answer.

Here is no waiting: what has to be waited for is asked of the transport, which drives `receive` and
sends in the answers. So one transport may use threads and another an event loop, and there is one
piece of code that decides.
"""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime

from webhooks.doors import NOBODY, Door, Doors
from webhooks.errors import (
    BodyTooLarge,
    MediaNotTaken,
    MethodNotTaken,
    RateExceeded,
    ShopHasLeft,
    ShopUnknown,
    SignatureNotAccepted,
)
from webhooks.inbox.store import Incoming, Stored
from webhooks.wire.letters import Letter
from webhooks.wire.scheme import Shown

MAX_BODY = 8 * 1024 * 1024
"""Bytes that any dialect takes; most take less."""


@dataclass(frozen=True, slots=True)
class Look:
    """Asked of the transport: the shop's door as it is now (`Doors.look_again`)."""

    slug: str


@dataclass(frozen=True, slots=True)
class Keep:
    """Asked of the transport: store this for good (`Inbox.keep`)."""

    incoming: Incoming


@dataclass(frozen=True, slots=True)
class Answer:
    """What a shop hears of an event that was let in."""

    event_id: str
    stored: Stored

    @property
    def status(self) -> int:
        """The HTTP status."""
        return 202 if self.stored is Stored.ACCEPTED else 200


_PERHAPS_NEWS = (
    BodyTooLarge,
    MediaNotTaken,
    MethodNotTaken,
    ShopHasLeft,
    ShopUnknown,
    SignatureNotAccepted,
)
"""Refusals that another dialect, secret or status of the shop would make good."""

Steps = Generator[Look | Keep, Door | Stored, Answer]


class Rate:
    """So many events a second of each shop, counted in this process."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._counts: dict[str, tuple[int, int]] = {}

    def allows(self, slug: str, now: datetime) -> bool:
        """Count an event; False when the second's share is used up.

        Two threads that count at once may count as one: a limit need not be that exact.
        """
        second = int(now.timestamp())
        counted_in, count = self._counts.get(slug, (second, 0))
        count = count + 1 if counted_in == second else 1
        self._counts[slug] = second, count
        return count <= self._limit


class FrontDoor:
    """The door of one web process."""

    def __init__(self, doors: Doors, rate: Rate) -> None:
        self._doors = doors
        self._rate = rate

    def receive(self, slug: str, letter: Letter, now: datetime) -> Steps:
        """Let an event in. Raises what webhooks.errors names, and WebhookIdReused."""
        try:
            incoming = self._admit(slug, self._doors.remembered(slug), letter, now)
        except _PERHAPS_NEWS:
            # Perhaps there is news of the shop since this process last looked.
            stored = Stored.DOOR_CHANGED
        else:
            stored = yield from _keep(incoming)
        while stored is Stored.DOOR_CHANGED:
            incoming = self._admit(slug, (yield from _look(slug)), letter, now)
            stored = yield from _keep(incoming)
        return Answer(incoming.webhook_id, stored)

    def _admit(self, slug: str, door: Door, letter: Letter, now: datetime) -> Incoming:
        dialect = door.dialect
        if len(letter.body) > dialect.max_body:
            raise BodyTooLarge(dialect.max_body)
        shown, is_trusted = _check(door, letter, now)
        content = shown.content
        if door.has_left:
            raise ShopHasLeft
        if not self._rate.allows(slug, now):
            raise RateExceeded(retry_after=1)
        if letter.method not in dialect.methods:
            raise MethodNotTaken
        if content.shape not in dialect.shapes:
            raise MediaNotTaken
        dialect.read(content, now)
        return Incoming(
            door.shop_id,
            door.version,
            shown.event_id,
            door.dialect_id,
            content.shape,
            is_trusted,
            content.raw,
        )


def _check(door: Door, letter: Letter, now: datetime) -> tuple[Shown, bool]:
    """What the first scheme that applies makes of a letter, and whether it is to be trusted."""
    held = door.held(now)
    try:
        for scheme in door.dialect.schemes:
            if scheme.applies(letter):
                return scheme.check(letter, held, now), scheme.is_trusted
        raise SignatureNotAccepted
    except SignatureNotAccepted:
        if door is NOBODY:
            raise ShopUnknown from None
        raise


def _look(slug: str) -> Generator[Look, Door | Stored, Door]:
    seen = yield Look(slug)
    if not isinstance(seen, Door):
        raise TypeError(f"a look at a door gave {seen!r}")
    return seen


def _keep(incoming: Incoming) -> Generator[Keep, Door | Stored, Stored]:
    stored = yield Keep(incoming)
    if not isinstance(stored, Stored):
        raise TypeError(f"keeping an event gave {stored!r}")
    return stored
