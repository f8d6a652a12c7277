"""Reads: our books of a day, what the inbox still holds, and the totals that were kept."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session

from partners.dialects.service import Setting, by_ids
from partners.shops.models import Shop
from partners.shops.rules import ShopStatus
from tracker.kit.errors import TrackerError
from tracker.purchases import day_queries
from tracker.purchases.days import DayTotals, Order, Range, ShopDay, Sum
from webhooks.dialects import named
from webhooks.inbox.bodies import bodies_of
from webhooks.inbox.models import EventState
from webhooks.totals.models import ControlTotal
from webhooks.wire.dialect import Dialect
from webhooks.wire.letters import Content, Shape

MOST_EVENTS = 1_000
"""Events of a shop that are looked into, the newest first, and counted at most."""

_MOST_BYTES = 16 * 1024 * 1024
_USUAL_DAYS = 7
_USUAL = 5
_GAUGED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class OurBooks:
    """The port of the rules. The session sees one moment."""

    session: Session
    day: ShopDay

    def totals(self) -> DayTotals:
        return day_queries.day_totals(self.session, self.day)

    def sums(self, ranges: Sequence[Range]) -> list[Sum]:
        return day_queries.sums(self.session, self.day, ranges)

    def split(self, ranges: Sequence[Range], pieces: int) -> list[tuple[Range, Sum]]:
        return day_queries.split(self.session, self.day, ranges, pieces)

    def orders(self, within: Range, limit: int) -> list[Order]:
        return day_queries.orders(self.session, self.day, within, limit)


@dataclass(frozen=True, slots=True)
class InInbox:
    """Where an event of an order is held up; parked and discarded ones have a reason."""

    state: EventState
    reason: str | None


def holds(session: Session, shop_id: int, version: int) -> bool:
    """Whether a shop's door is still as it was at this version."""
    return session.scalar(select(Shop.door_version).where(Shop.id == shop_id)) == version


def waiting(session: Session, shop_id: int) -> int:
    """How many events of a shop are not booked yet, counted up to 1,000."""
    given = {"shop": shop_id, "most": MOST_EVENTS}
    return int(session.scalar(_WAITING, given) or 0)


def held_up(session: Session, shop_id: int, order_ids: Collection[str]) -> dict[str, InInbox]:
    """Which of a shop's orders stand in events that wait or were set aside.

    Of several events of one order the newest tells; the thousand newest are looked into.
    """
    wanted, found = set(order_ids), dict[str, InInbox]()
    if not wanted:
        return found
    rows = session.execute(_HELD_UP, {"shop": shop_id, "most": MOST_EVENTS}).all()
    for row, named_orders in _read(session, _within_memory(rows)):
        for order_id in named_orders & wanted:
            found.setdefault(order_id, InInbox(EventState(row.state), row.parked_reason))
    return found


def _within_memory(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    taken, size = [], 0
    for row in rows:
        size += row.size
        if size > _MOST_BYTES:
            break
        taken.append(row)
    return taken


def _read(session: Session, rows: Sequence[Row[Any]]) -> Iterator[tuple[Row[Any], set[str]]]:
    """Events with the orders they name, as far as they can be read."""
    settings = by_ids(session, {row.dialect_id for row in rows})
    # A mapping is checked when it is made a dialect: once for each, not for each event.
    dialects = {key: _dialect(setting) for key, setting in settings.items()}
    bodies = bodies_of(session, rows)
    for row in rows:
        dialect, raw = dialects[row.dialect_id], bodies.get(row.id)
        if dialect is None or raw is None:
            continue
        try:
            notices = dialect.read(Content(Shape(row.shape), raw), row.received_at)
        except TrackerError:
            continue
        yield row, {notice.order_id for notice in notices}


def _dialect(setting: Setting) -> Dialect | None:
    try:
        return named(setting.dialect, setting.mapping)
    except TrackerError:
        return None


def kept(
    session: Session,
    *,
    slug: str | None = None,
    day: date | None = None,
    differs: bool | None = None,
    after: int = 0,
    limit: int = 100,
) -> list[Row[Any]]:
    """Control totals with their shops' slugs, by id; ``after`` is the id of the last one seen."""
    query = (
        select(Shop.slug, *ControlTotal.__table__.c)
        .join(Shop, Shop.id == ControlTotal.shop_id)
        .where(ControlTotal.id > after)
        .order_by(ControlTotal.id)
        .limit(limit)
    )
    for column, value in (
        (Shop.slug, slug),
        (ControlTotal.day, day),
        (ControlTotal.differs, differs),
    ):
        if value is not None:
            query = query.where(column == value)
    return list(session.execute(query))


def silent(session: Session, day: date) -> list[str]:
    """Slugs of shops that have sent nothing for a day, though they did for five of the seven
    days before it."""
    spoke = select(ControlTotal.shop_id).where(ControlTotal.day == day)
    query = (
        select(Shop.slug)
        .join(ControlTotal, ControlTotal.shop_id == Shop.id)
        .where(
            ControlTotal.day >= day - timedelta(days=_USUAL_DAYS),
            ControlTotal.day < day,
            Shop.status == ShopStatus.ACTIVE,
            Shop.id.not_in(spoke),
        )
        .group_by(Shop.slug)
        .having(func.count() >= _USUAL)
        .order_by(Shop.slug)
    )
    return list(session.scalars(query))


def gauges(session: Session) -> Mapping[str, float]:
    """How many days of shops, told within a month, differ as last told."""
    query = select(func.count()).where(
        ControlTotal.differs, ControlTotal.received_at > func.now() - _GAUGED
    )
    return {"control_totals_differing": session.scalar(query) or 0}


def found_in(row: Any) -> dict[str, int]:
    """How many orders were found to differ in each way, over all ranges looked into."""
    ways = ("missing", "extra", "amount_mismatch", "status_mismatch")
    return {way: sum(one.get(way, 0) for one in row.found.values()) for way in ways}


# The words are written out: only then does the planner see the partial indexes.
_WAITING = text("""
    SELECT count(*) FROM (
        SELECT FROM inbox_events WHERE state = 'waiting' AND shop_id = :shop LIMIT :most
    ) AS waiting
""")

_HELD_UP = text("""
    SELECT id, received_at, size, dialect_id, shape, state, parked_reason FROM (
        (SELECT * FROM inbox_events WHERE state = 'waiting' AND shop_id = :shop
         ORDER BY id DESC LIMIT :most)
        UNION ALL
        (SELECT * FROM inbox_events WHERE state = 'parked' AND shop_id = :shop
         ORDER BY id DESC LIMIT :most)
        UNION ALL
        (SELECT * FROM inbox_events WHERE state = 'discarded' AND shop_id = :shop
         ORDER BY id DESC LIMIT :most)
    ) AS held ORDER BY id DESC LIMIT :most
""")
