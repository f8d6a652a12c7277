"""What a web process remembers of a shop's door: its secrets, its dialect, whether it takes part.

Reading them for each event would cost as much as storing it. So they are remembered together with
the row's version, and the statement that stores an event checks that the version still holds:
nothing stale is ever acted upon, and no time-out has to be waited for.

Whoever is refused by what is remembered may be right all the same, so a look at the database
follows. Anybody can bring that about, also for shops that do not exist: so those who ask at the
same time share one look, and a name has LOOKS of them at once and then one a second.
"""

import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from partners.credentials.rules import Secret, SecretKind
from partners.credentials.service import secrets_of
from partners.dialects.service import Setting, current
from partners.shops.models import Shop
from partners.shops.rules import MAX_SLUG, ShopStatus
from tracker.kit.crypto import Keyring
from webhooks.adapters import native
from webhooks.dialects import named
from webhooks.door.limits import Buckets
from webhooks.wire.dialect import Dialect

LOOKS = 10
"""Looks at one name within a moment; one a second when they are used up."""

NAMES = 10_000
"""Of which a process remembers how often it has looked at them."""

TRIED = 3
"""Secrets that are tried at least before somebody is refused: a shop has one, two while it changes
them, and perhaps one for trials."""

NOBODYS = Secret(0, secrets.token_bytes(32))
"""Nobody signs with this one: trying it takes the same time as trying a shop's."""

_OURS, _PURPOSE = Keyring(secrets.token_bytes(32)), "a secret of nobody"
_SEALED = _OURS.seal(_PURPOSE, NOBODYS.key)


@dataclass(frozen=True, slots=True)
class Door:
    """One shop's door at one version."""

    shop_id: int
    version: int
    """Of the shop's row: grows with every change of what is remembered here."""
    has_left: bool
    secrets: tuple[Secret, ...]
    dialect: Dialect = native.DIALECT
    dialect_id: int | None = None

    def held(self, now: datetime) -> list[Secret]:
        """What may open it at this moment; nobody's secret where there is none."""
        return [one for one in self.secrets if one.holds(now)] or [NOBODYS]

    def of_trials(self, now: datetime) -> tuple[list[Secret], list[Secret]]:
        """The secrets of a trial that hold at this moment, and those that lately ended."""
        trials = [one for one in self.secrets if one.kind is SecretKind.TRIAL]
        return (
            [one for one in trials if one.holds(now)],
            [one for one in trials if not one.holds(now)],
        )


NOBODY = Door(shop_id=0, version=-1, has_left=False, secrets=())
"""The door of a shop that does not exist: always shut."""


@dataclass(frozen=True, slots=True)
class Look:
    """Asked of a transport: a shop's door as it is now (`Doors.look`)."""

    slug: str
    now: datetime
    is_owed: bool = False
    """Somebody was let in by what is remembered, and that holds no more: so this look is no
    stranger's, and is not counted."""


@dataclass(slots=True, eq=False)
class _Round:
    """One look at the database for all who asked for it before it began."""

    is_done: threading.Event = field(default_factory=threading.Event)
    door: Door | None = None
    error: BaseException | None = None

    def outcome(self) -> Door:
        """What was seen, once it was; or what went wrong with looking."""
        self.is_done.wait()
        if self.door is None:
            raise self.error or RuntimeError("a look at a door was let go of")
        return self.door


class Doors:
    """The doors that this process has seen. Only shops that exist are remembered."""

    def __init__(self, engine: Engine, keys: Keyring) -> None:
        self._engine = engine
        self._keys = keys
        self._seen: dict[str, Door] = {}
        self._looks = Buckets[str](1, burst=LOOKS, keep=NAMES)
        self._failed: dict[str, BaseException] = {}
        """Names whose last look ended in an error, as while the database is away."""
        self._lock = threading.Lock()
        self._rounds: dict[str, list[_Round]] = {}
        """By name: the look that goes on, and the one that comes after it, if anybody waits."""

    def remembered(self, slug: str) -> Door:
        """A shop's door, perhaps of an older version; NOBODY when it was not seen yet."""
        return self._seen.get(slug, NOBODY)

    def look(self, wanted: Look) -> Door:
        """A shop's door by a look that begins after it was asked for; NOBODY for no such shop.

        When the looks at this name are used up, what is remembered; or what went wrong with the
        last of them, since a shop that could not be looked for is not one that does not exist.
        Waits for the database.
        """
        slug = wanted.slug
        with self._lock:
            rounds = self._rounds.get(slug, [])
            before, mine = (rounds[0] if rounds else None), (rounds[1] if rounds[1:] else None)
            leads = mine is None
            if mine is None:
                if not wanted.is_owed and self._looks.take(slug[:MAX_SLUG], wanted.now):
                    return self._unlooked(slug)
                mine = _Round()
                self._rounds.setdefault(slug, []).append(mine)
        if leads:
            if before:
                before.is_done.wait()
            self._go(slug, mine)
        return mine.outcome()

    def _go(self, slug: str, mine: _Round) -> None:
        try:
            mine.door = self._read(slug)
            self._failed.pop(slug, None)
        except BaseException as error:
            mine.error = error
            self._note_failure(slug, error)
            raise
        finally:
            with self._lock:
                self._rounds[slug].remove(mine)
                if not self._rounds[slug]:
                    del self._rounds[slug]
            mine.is_done.set()

    def _unlooked(self, slug: str) -> Door:
        known, failure = self.remembered(slug), self._failed.get(slug)
        if known is NOBODY and failure is not None:
            raise failure.with_traceback(None)
        return known

    def _note_failure(self, slug: str, error: BaseException) -> None:
        if len(self._failed) >= NAMES:
            self._failed.clear()
        self._failed[slug[:MAX_SLUG]] = error

    def _read(self, slug: str) -> Door:
        """A shop's door as the database has it.

        All questions are put in either case, and as many secrets are opened, so that the time does
        not tell a stranger whether there is such a shop.
        """
        asked = slug if slug.isprintable() else ""  # NUL is nothing that can be asked for
        with Session(self._engine) as session:
            row = session.execute(
                select(Shop.id, Shop.door_version, Shop.status).where(Shop.slug == asked)
            ).one_or_none()
            shop_id = row.id if row else NOBODY.shop_id
            held = secrets_of(session, self._keys, shop_id, ended=False)
            setting = current(session, shop_id)
        for _ in range(TRIED - len(held)):
            _OURS.open(_PURPOSE, _SEALED)
        if row is None:
            self._seen.pop(slug, None)
            return NOBODY
        has_left = row.status == ShopStatus.LEFT
        dialect = self._dialect(slug, setting)
        door = Door(row.id, row.door_version, has_left, held, dialect, setting.id)
        self._seen[slug] = door
        return door

    def _dialect(self, slug: str, setting: Setting) -> Dialect:
        """The dialect of a setting, which never changes: made anew only for a new one."""
        known = self.remembered(slug)
        if known is not NOBODY and known.dialect_id == setting.id:
            return known.dialect
        return named(setting.dialect, setting.mapping)
