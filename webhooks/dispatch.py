"""From stored bytes to booked money: each event is read in its shop's dialect, reported, booked.

A chunk is booked as a whole, in one unit of work with the events' own change of state. When that
fails, its events are taken one by one, so that a poisonous one harms no other.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import psycopg
import stamina
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from partners.dialects.service import Setting, by_ids
from partners.intake.rules import report
from tracker.kit.database import AWAY, unit_of_work
from tracker.kit.errors import TrackerError
from tracker.kit.garbage import no_search_for_cycles
from tracker.kit.logs import log
from tracker.kit.tasks import OutOfTime
from tracker.purchases.contracts import PurchaseReport
from tracker.purchases.service import Programme, book
from webhooks.dialects import named
from webhooks.inbox.models import ParkedReason
from webhooks.inbox.work import (
    MAX_ATTEMPTS,
    Claim,
    Event,
    LeaseLost,
    claim,
    claim_suspect,
    finish,
    park,
    put_back,
    rest,
)
from webhooks.wire.dialect import Dialect
from webhooks.wire.letters import Content, Shape

BusinessTime = Callable[[datetime], datetime]

CHUNK = 500

PORTION = 2_000
"""Notices booked in one unit of work, which has to be done long before its lease is over."""

_LOG = log("inbox")


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Handles waiting events, a chunk at a time."""

    engine: Engine
    programme: Programme
    business_time: BusinessTime | None = None
    """What a moment of receipt is in business time. Where it is known, the hold of a purchase that
    nobody proved does not begin before it was received."""

    @no_search_for_cycles()
    def handle_chunk(self) -> bool:
        """Claim a chunk and handle it, then one suspect; True when there may be more.

        Suspects are events that a worker took and never finished. They come after what is fresh,
        and alone: one that kills its worker again takes nothing else with it.
        """
        with unit_of_work(self.engine) as session:
            fresh = claim(session, CHUNK)
        if fresh.events and not self._handle_together(fresh):
            for event in fresh.events:
                self._handle_alone(Claim(fresh.fence, (event,)))
        # Older than the fresh ones, so that no long queue is searched for a suspect.
        before = fresh.events[-1].id if fresh.events else None
        with unit_of_work(self.engine) as session:
            suspect = claim_suspect(session, before)
        for event in suspect.events:
            self._handle_suspect(suspect, event)
        return bool(fresh.events or suspect.events)

    def _handle_suspect(self, claimed: Claim, event: Event) -> None:
        lost = event.attempts - 1
        if lost < MAX_ATTEMPTS:
            self._handle_alone(claimed)
            return
        _LOG.error("event_loses_workers", event_id=event.id, attempts=lost)
        why = f"its worker was lost, or ran out of time; tries: {lost}"
        self._give_up(claimed.fence, event, why)

    def _handle_together(self, claimed: Claim) -> bool:
        try:
            self._handle_in_one(claimed)
        except (*AWAY, OutOfTime):
            raise
        except Exception as error:
            # Whatever it is, it may be the fault of one event: each is tried by itself.
            _LOG.warning("chunk_failed", fence=claimed.fence, error=repr(error))
            return False
        return True

    def _handle_alone(self, claimed: Claim) -> None:
        (event,) = claimed.events
        try:
            self._handle_in_one(claimed)
        except (*AWAY, OutOfTime):
            raise
        except Exception as error:
            _LOG.exception("event_failed", event_id=event.id, attempts=event.attempts)
            self._set_aside(claimed.fence, event, error)

    def _handle_in_one(self, claimed: Claim) -> None:
        """One unit of work; done anew when the database was away or two chunks met head-on.

        Doing it anew is harmless, also after a COMMIT whose answer was lost: the events are no
        longer in this hand then.
        """
        for attempt in stamina.retry_context(on=AWAY, attempts=4, timeout=15.0):
            with attempt, unit_of_work(self.engine) as session:
                try:
                    self._handle(session, claimed)
                except LeaseLost:
                    session.rollback()
                    _LOG.warning("lease_lost", fence=claimed.fence, events=len(claimed.events))

    def _set_aside(self, fence: int, event: Event, error: Exception) -> None:
        if event.attempts >= MAX_ATTEMPTS:
            self._give_up(fence, event, _cause(error))
            return
        with unit_of_work(self.engine) as session:
            rest(session, fence, event.id, 2**event.attempts)

    def _give_up(self, fence: int, event: Event, why: str) -> None:
        try:
            with unit_of_work(self.engine) as session:
                park(session, fence, {event.id: (ParkedReason.KEEPS_FAILING, why)})
        except LeaseLost:
            _LOG.warning("lease_lost", fence=fence, events=1)

    def _handle(self, session: Session, claimed: Claim) -> None:
        portion = Portion()
        for event, said in read_events(session, claimed.events, self.business_time):
            portion.take(event, said)
        told = portion.told
        refused = book(session, [report for _, report in told], self.programme)
        for place, refusal in refused.items():
            portion.fault(told[place][0], refusal)
        park(session, claimed.fence, portion.parked)
        finish(session, claimed.fence, portion.finished)
        for event_id, notices_done in portion.left.items():
            detail = portion.detail(event_id)
            put_back(session, claimed.fence, event_id, notices_done, detail)


@dataclass(slots=True)
class Portion:
    """What is booked in one unit of work: at most PORTION notices, of many events or of one.

    An event that tells of more is put back with its place noted, and with what was wrong so far.
    """

    told: list[tuple[int, PurchaseReport]] = field(default_factory=list)
    left: dict[int, int] = field(default_factory=dict)
    """Events that are not finished by it, and how many of their notices are then done."""
    _faults: dict[int, str] = field(default_factory=dict)
    _ended: list[int] = field(default_factory=list)
    _count: int = 0

    def take(self, event: Event, said: Sequence[PurchaseReport | TrackerError]) -> None:
        """Take as much of an event as there is room for."""
        first = event.notices_done
        room = PORTION - self._count
        taken = said[first : first + room] if not self.left else []
        self._count += len(taken)
        if event.parked_detail:
            self._faults[event.id] = event.parked_detail
        for one in taken:
            if isinstance(one, TrackerError):
                self.fault(event.id, one)
            else:
                self.told.append((event.id, one))
        if first + len(taken) < len(said):
            self.left[event.id] = first + len(taken)
        else:
            self._ended.append(event.id)

    def fault(self, event_id: int, error: TrackerError) -> None:
        """Something that an event says cannot be taken; the rest of it can."""
        before = self._faults.get(event_id)
        self._faults[event_id] = f"{before} | {_text(error)}" if before else _text(error)

    def detail(self, event_id: int) -> str | None:
        """What was wrong with an event so far."""
        return self._faults.get(event_id)

    @property
    def finished(self) -> list[int]:
        """Events of which everything is booked."""
        return [one for one in self._ended if one not in self._faults]

    @property
    def parked(self) -> dict[int, tuple[ParkedReason, str]]:
        """Events with something that cannot be taken; the reason is that of the first fault."""
        return {
            one: (_reason(self._faults[one]), self._faults[one])
            for one in self._ended
            if one in self._faults
        }


Said = list[PurchaseReport | TrackerError]
"""What an event reports, notice by notice; an error in the place of what cannot be taken."""


def read_events(
    session: Session, events: Sequence[Event], business_time: BusinessTime | None = None
) -> Iterator[tuple[Event, Said]]:
    """Events with what they report, each read in the dialect in which it was let in."""
    settings = by_ids(session, {event.dialect_id for event in events})
    # Once for each setting: a mapping takes longer to be checked than an event to be read.
    spoken = {one: _dialect(setting) for one, setting in settings.items()}
    for event in events:
        received_at = business_time(event.received_at) if business_time else None
        known_at = max(event.received_at, received_at or event.received_at)
        yield event, _read(event, spoken[event.dialect_id], received_at, known_at)


def _dialect(setting: Setting) -> Dialect | TrackerError:
    """The dialect of a setting; an error in its place where we know it no more."""
    try:
        return named(setting.dialect, setting.mapping)
    except TrackerError as error:
        return error


def _read(
    event: Event,
    dialect: Dialect | TrackerError,
    received_at: datetime | None,
    known_at: datetime,
) -> Said:
    if isinstance(dialect, TrackerError):
        return [dialect]
    try:
        notices = dialect.read(Content(Shape(event.shape), event.body), event.received_at)
    except TrackerError as error:
        return [error]
    several = len(notices) > 1
    said: Said = []
    for place, notice in enumerate(notices):
        source = f"{event.webhook_id}#{place}" if several else event.webhook_id
        try:
            told = report(
                notice,
                shop_id=event.shop_id,
                source=source,
                trusted=event.trusted,
                feed=dialect.name,
                received_at=received_at,
                known_at=known_at,
            )
        except TrackerError as error:
            said.append(error)
        else:
            said.append(told)
    return said


def _reason(faults: str) -> ParkedReason:
    known = {reason.value: reason for reason in ParkedReason}
    return known.get(faults.partition(":")[0], ParkedReason.UNREADABLE)


def _text(error: TrackerError) -> str:
    """One fault: its code, and what it says."""
    fields = (f"{name}: {why}" for name, why in error.fields.items())
    return f"{error.code}: " + "; ".join([error.detail, *fields])


def _cause(error: Exception) -> str:
    """What went wrong, without the row that PostgreSQL quotes: that may hold personal data."""
    if isinstance(error, DBAPIError) and isinstance(error.orig, psycopg.Error):
        return f"{type(error.orig).__name__}: {error.orig.diag.message_primary}"
    return repr(error)
