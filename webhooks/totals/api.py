"""`/webhooks/<shop slug>/control-totals`: a shop compares its day with our books."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import text
from sqlalchemy.orm import Session

from partners.credentials.rules import SecretKind
from tracker.kit.clock import SystemClock
from tracker.kit.database import snapshot, unit_of_work
from tracker.kit.runtime import Runtime
from tracker.purchases.day_queries import ordered_at
from tracker.purchases.days import ShopDay
from webhooks.door.doors import Door, Doors, Look
from webhooks.door.letterbox import letter
from webhooks.door.limits import Buckets
from webhooks.door.reception import check
from webhooks.errors import (
    MediaNotTaken,
    RateExceeded,
    ShopHasLeft,
    ShopUnknown,
    SignatureNotAccepted,
)
from webhooks.schemes.standard import STANDARD
from webhooks.totals.answers import note, plain_verdict, verdict_shown
from webhooks.totals.document import DOCUMENT
from webhooks.totals.queries import OurBooks, held_up, holds, waiting
from webhooks.totals.reading import read
from webhooks.totals.rules import Verdict, compare
from webhooks.totals.service import keep
from webhooks.wire.letters import Letter, Shape

MAX_BODY = 1024 * 1024
"""Bytes."""

SHARE = 30
"""So many events may come in the time of one request here: each may sum up a whole day."""

AT_ONCE = 4
"""Comparisons at once in one process: all shops may ask at the same hour, and events go first."""

_TIME_LIMIT = text("SET LOCAL statement_timeout = '20s'")


_PERHAPS_NEWS = (MediaNotTaken, ShopHasLeft, ShopUnknown, SignatureNotAccepted)


@dataclass(frozen=True, slots=True)
class _Admitted:
    """A letter that was let in, by which state of which shop's door."""

    shop_id: int
    version: int
    trusted: bool
    body: bytes


class Desk:
    """Where control totals are answered."""

    def __init__(self, tools: Runtime, at_once: int = AT_ONCE) -> None:
        self._engine = tools.engine
        self._places = threading.Semaphore(at_once)
        self._doors = Doors(tools.engine, tools.settings.keys)
        self._rate: Buckets[str] = Buckets(max(1, tools.settings.webhook_rate // SHARE))

    def receive(self, slug: str, told: Letter, now: datetime) -> dict[str, Any]:
        """What a shop hears. Raises what webhooks.errors names, NotStrictJson and TotalsInvalid."""
        answer = None
        try:
            answer = self._answer(self._admit(slug, self._doors.remembered(slug), told, now))
        except _PERHAPS_NEWS:
            # Perhaps there is news of the shop since this process last looked.
            door = self._doors.look(Look(slug, now))
            answer = self._answer(self._admit(slug, door, told, now))
        while answer is None:
            door = self._doors.look(Look(slug, now, is_owed=True))
            answer = self._answer(self._admit(slug, door, told, now))
        return answer

    def _admit(self, slug: str, door: Door, told: Letter, now: datetime) -> _Admitted:
        """A signature of ours is as good here, whatever dialect the shop's events speak."""
        others = [scheme for scheme in door.dialect.schemes if scheme is not STANDARD]
        shown, trusted = check(door, told, now, [STANDARD, *others])
        if shown.secret.kind is SecretKind.TRIAL:
            raise SignatureNotAccepted
        if door.has_left:
            raise ShopHasLeft
        if wait := self._rate.take(slug, now):
            raise RateExceeded(retry_after=wait)
        if shown.content.shape is not Shape.JSON:
            raise MediaNotTaken
        return _Admitted(door.shop_id, door.version, trusted, shown.content.raw)

    def _answer(self, letter: _Admitted) -> dict[str, Any] | None:
        """What is to be told, and remembered; None when the shop's door is another by now.

        To whoever shows a key that may be known to others nothing of ours is shown, and of a whole
        day alone is said whether it matches: else they would find out order by order.
        """
        said = read(letter.body)
        if said.totals is None and not letter.trusted:
            raise SignatureNotAccepted
        with self._place(), snapshot(self._engine) as session:
            session.execute(_TIME_LIMIT)
            if not holds(session, letter.shop_id, letter.version):
                return None
            verdict = compare(said, OurBooks(session, ShopDay(letter.shop_id, said.day)))
            booking = waiting(session, letter.shop_id)
            shown = plain_verdict(verdict, said.day, booking)
            if letter.trusted:
                notes = _notes(session, letter.shop_id, verdict)
                shown = verdict_shown(verdict, said.day, booking, notes)
        with unit_of_work(self._engine) as session:
            keep(session, letter.shop_id, said, verdict, trusted=letter.trusted, booking=booking)
        return shown

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise RateExceeded(retry_after=1)
        try:
            yield
        finally:
            self._places.release()


def _notes(session: Session, shop_id: int, verdict: Verdict) -> dict[str, dict[str, Any]]:
    """What may help with orders that differ: where else they stand, and what holds them up."""
    found = verdict.difference
    if found is None or found.is_nothing:
        return {}
    missing = [one.order_id for one in found.missing]
    others = [ours.order_id for ours, _ in (*found.amounts, *found.words)]
    known = ordered_at(session, shop_id, missing)
    inbox = held_up(session, shop_id, {*missing, *others})
    return {
        order_id: note(
            state=inbox[order_id].state if order_id in inbox else None,
            reason=inbox[order_id].reason if order_id in inbox else None,
            known=order_id in known,
            ordered_at=known.get(order_id),
        )
        for order_id in {*missing, *others}
    }


def build(tools: Runtime) -> Blueprint:
    """The blueprint."""
    desk = Desk(tools)
    blueprint = Blueprint("totals", __name__, description="Shops compare their books with ours")

    @blueprint.route("/webhooks/<slug>/control-totals", methods=["POST"])
    @blueprint.doc(**DOCUMENT)
    def receive(slug: str) -> Response:
        """Compare a day's orders with our books."""
        answer = desk.receive(slug, letter(MAX_BODY), SystemClock().now())
        return Response(json.dumps(answer, ensure_ascii=False), mimetype="application/json")

    return blueprint
