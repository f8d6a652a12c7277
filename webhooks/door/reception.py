"""What happens at the front door, whatever carries the requests: verify, read, store, answer.

Test traffic, which comes by secrets of its own, takes the same way but for the last step: it is
written down in its trial and nowhere else.

Here is no waiting: what has to be waited for is asked of the transport, which drives `receive` and
sends in the answers. So one transport may use threads and another an event loop, and there is one
piece of code that decides.
"""

import hashlib
import hmac
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime

from partners.credentials.rules import SecretKind
from tracker.kit.clock import Clock
from tracker.kit.errors import TrackerError
from tracker.kit.settings import Settings
from webhooks.door.doors import NOBODY, NOBODYS, TRIED, Door, Doors, Look
from webhooks.door.limits import Buckets
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
from webhooks.observations.rules import Outcome, refused, taken
from webhooks.observations.watch import Watch
from webhooks.trials.arrivals import LetIn, Place
from webhooks.trials.marks import marks_of
from webhooks.trials.notebook import Notebook
from webhooks.wire.dialect import LEEWAY
from webhooks.wire.letters import Letter
from webhooks.wire.scheme import Scheme, Shown, without_keys

MAX_BODY = 8 * 1024 * 1024
"""Bytes that any dialect takes; most take less."""

_UNPROVED = "unproved:"
"""Begins the id of an event of which nobody proved who wrote it: such a copy, come first, must not
make a duplicate of the same bytes when they are proved."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Asked of the transport: store this for good (`Inbox.keep`)."""

    incoming: Incoming


@dataclass(frozen=True, slots=True)
class Try:
    """Asked of the transport: write this down in the shop's trial (`Notebook.keep`)."""

    let_in: LetIn

    @property
    def incoming(self) -> Incoming:
        """As it would be kept, were it no test."""
        return self.let_in.incoming


@dataclass(frozen=True, slots=True)
class Answer:
    """What a shop hears of an event that was let in."""

    event_id: str
    stored: Stored

    @property
    def status(self) -> int:
        """The HTTP status."""
        return 202 if self.stored is Stored.ACCEPTED else 200


Steps = Generator[Look | Keep | Try, Door | Stored, Answer]
"""What a transport drives. What goes wrong with a question is to be thrown in."""


class Limits:
    """How many requests a second one web process takes: in all, strangers included, and of each
    shop. As many may come in one moment."""

    def __init__(self, *, total: int, of_a_shop: int) -> None:
        self._total = Buckets[None](total)
        self._shops = Buckets[int](of_a_shop)
        self._trials = Buckets[int](of_a_shop)

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """As the settings say."""
        return cls(total=settings.webhook_rate_total, of_a_shop=settings.webhook_rate)

    def count_one(self, now: datetime) -> None:
        """Count a request of whomever. Raises RateExceeded."""
        if wait := self._total.take(None, now):
            raise RateExceeded("More comes in than is taken at a time", retry_after=wait)

    def count_for(self, shop_id: int, now: datetime, *, is_trial: bool) -> None:
        """Count an event of a shop that has proven to be the one; test traffic has a share of its
        own. Raises RateExceeded."""
        if wait := (self._trials if is_trial else self._shops).take(shop_id, now):
            raise RateExceeded(retry_after=wait)


@dataclass(slots=True)
class _Visit:
    """A request on its way in, and what has come out about it so far."""

    slug: str
    letter: Letter
    now: datetime
    door: Door = NOBODY
    shown: Shown | None = None
    """By which secret it was let in, if it was."""
    is_counted: bool = False
    """Whether it has used something of its shop's share."""
    is_tried: bool = False
    """Whether what becomes of it is written down in a trial."""

    @property
    def secret_id(self) -> int | None:
        """The secret that it has shown."""
        return self.shown.secret.id if self.shown else None

    @property
    def is_trial(self) -> bool:
        """Whether it has shown itself to be test traffic."""
        return self.shown is not None and self.shown.secret.kind is SecretKind.TRIAL


class FrontDoor:
    """The door of one web process."""

    def __init__(
        self, doors: Doors, limits: Limits, watch: Watch, trials: Notebook, clock: Clock
    ) -> None:
        self._doors = doors
        self._limits = limits
        self._watch = watch
        self._trials = trials
        self._clock = clock

    def receive(self, slug: str, letter: Letter, now: datetime) -> Steps:
        """Let an event in. Raises what webhooks.errors names, and WebhookIdReused."""
        visit = _Visit(slug, letter, now)
        try:
            answer = yield from self._receive(visit)
        except Exception as error:
            self._count(visit, refused(error))
            if isinstance(error, TrackerError):
                self._note_in_trial(visit, error)
            raise
        self._count(visit, taken(answer.stored))
        return answer

    def _count(self, visit: _Visit, outcome: Outcome) -> None:
        if not visit.is_trial:
            self._watch.note(visit.door.shop_id, outcome, visit.now, visit.secret_id)

    def _note_in_trial(self, visit: _Visit, error: TrackerError) -> None:
        """Whoever is refused while the shop has a trial may be trying: its staff see why."""
        door = visit.door
        holding, ended = door.of_trials(visit.now)
        if not holding or visit.is_tried or (visit.shown and not visit.is_trial):
            return
        place = Place(door.shop_id, door.dialect, door.dialect_id, tuple(ended))
        self._trials.note(place.refused(visit.letter, visit.shown, error, visit.now))

    def _receive(self, visit: _Visit) -> Steps:
        self._limits.count_one(visit.now)
        step = yield from self._let_in(visit)
        stored = yield from _keep(visit, step)
        while stored is Stored.DOOR_CHANGED:
            door = yield from _look(Look(visit.slug, visit.now, is_owed=True))
            step = self._admit(visit, door)
            stored = yield from _keep(visit, step)
        return Answer(step.incoming.webhook_id, stored)

    def _let_in(self, visit: _Visit) -> Generator[Look, Door | Stored, Keep | Try]:
        remembered = self._doors.remembered(visit.slug)
        try:
            return self._admit(visit, remembered)
        except RateExceeded:
            raise
        except TrackerError:
            # Perhaps there is news of the shop since this process last looked: another dialect,
            # secret or status may make it good.
            found = yield from _look(Look(visit.slug, visit.now))
            if found.version == remembered.version:
                raise
        return self._admit(visit, found)

    def _admit(self, visit: _Visit, door: Door) -> Keep | Try:
        letter, dialect = visit.letter, door.dialect
        visit.door, visit.shown, visit.is_tried = door, None, False
        if len(letter.body) > dialect.max_body:
            raise BodyTooLarge(dialect.max_body)
        shown, is_trusted = check(door, letter, visit.now, dialect.schemes)
        content = shown.content
        visit.shown = shown
        if door.has_left:
            raise ShopHasLeft
        if not visit.is_counted:
            self._limits.count_for(door.shop_id, visit.now, is_trial=visit.is_trial)
            visit.is_counted = True
        if letter.method not in dialect.methods:
            raise MethodNotTaken
        if content.shape not in dialect.shapes:
            raise MediaNotTaken
        # The business time of a demonstration begins years behind the real one, and may pass it.
        until = max(visit.now, self._clock.at(visit.now)) + LEEWAY
        dialect.read(content, visit.now, until=until)
        incoming = Incoming(
            door.shop_id,
            door.version,
            shown.event_id if is_trusted else _UNPROVED + shown.event_id,
            door.dialect_id,
            content.shape,
            is_trusted,
            content.raw,
        )
        if visit.is_trial:
            return Try(LetIn(incoming, shown.secret.id, marks_of(letter), visit.now))
        return Keep(incoming)


def check(
    door: Door, letter: Letter, now: datetime, schemes: Sequence[Scheme]
) -> tuple[Shown, bool]:
    """What the first scheme that applies makes of a letter, and whether it is to be trusted.

    Raises SignatureNotAccepted, or its twin ShopUnknown at nobody's door; and BodyTooLarge for a
    form that is too long to look for keys in it. What it shows has no keys in it.
    """
    if letter.form_size > door.dialect.max_form:
        raise BodyTooLarge(door.dialect.max_form)
    held = door.held(now)
    try:
        for scheme in schemes:
            if scheme.applies(letter):
                shown = scheme.check(letter, held, now)
                return without_keys(shown, schemes), scheme.is_trusted
        raise SignatureNotAccepted
    except SignatureNotAccepted:
        # As many secrets are tried whoever is refused: one more costs as much as the body is long.
        for _ in range(TRIED - len(held)):
            hmac.digest(NOBODYS.key, letter.body, hashlib.sha256)
        if door is NOBODY:
            raise ShopUnknown from None
        raise


def _look(wanted: Look) -> Generator[Look, Door | Stored, Door]:
    seen = yield wanted
    if not isinstance(seen, Door):
        raise TypeError(f"a look at a door gave {seen!r}")
    return seen


def _keep(visit: _Visit, step: Keep | Try) -> Generator[Keep | Try, Door | Stored, Stored]:
    visit.is_tried = isinstance(step, Try)
    stored = yield step
    if not isinstance(stored, Stored):
        raise TypeError(f"keeping an event gave {stored!r}")
    return stored
