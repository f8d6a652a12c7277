"""Reads of what was counted at the door. Moments are passed in; days are Moscow's."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tracker.kit.clock import moscow_date, moscow_midnight
from webhooks.observations.rules import (
    DAY,
    RECENT,
    WEEK,
    Outcome,
    Recent,
    Rhythm,
    hour_of,
    signatures_fail,
)


def recent(
    session: Session, now: datetime, shop_ids: Collection[int] | None = None
) -> dict[int, Recent]:
    """What came lately to those of the shops (None: of all) at which somebody was not let in."""
    given = {
        "since": hour_of(now) - RECENT,
        "known_since": hour_of(now) - RECENT - DAY,
        "shops": None if shop_ids is None else sorted(shop_ids),
    }
    return {row.shop_id: Recent(*row[1:]) for row in session.execute(_RECENT, given)}


def failing_shops(session: Session, now: datetime) -> set[int]:
    """The shops whose signatures fail."""
    return {one for one, found in recent(session, now).items() if signatures_fail(found)}


def failing_now(session: Session) -> set[int]:
    """The shops whose signatures fail at this real moment."""
    return failing_shops(session, session.scalars(select(func.clock_timestamp())).one())


def gauges(session: Session) -> dict[str, float]:
    """What monitoring is told of the door."""
    return {"shops_signatures_failing": len(failing_now(session))}


NEWEST = 100_000
"""Events by which it is told how fast events are booked."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What came to a shop's door."""

    week: Mapping[Outcome, int]
    """By outcome, in the last seven days."""
    today: int
    """Events accepted since midnight."""
    last_event_at: datetime | None
    """Accepted or come again."""
    last_failure_at: datetime | None
    """Refused, for whatever reason."""


def traffic(session: Session, now: datetime, shop_ids: Collection[int]) -> dict[int, Traffic]:
    """What came to the doors of shops; all of them are in the answer."""
    midnight = moscow_midnight(moscow_date(now))
    given = {"shops": sorted(shop_ids), "since": hour_of(now - WEEK), "midnight": midnight}
    weeks: dict[int, dict[Outcome, int]] = {one: {} for one in shop_ids}
    today = dict.fromkeys(shop_ids, 0)
    for row in session.execute(_WEEK, given):
        weeks[row.shop_id][Outcome(row.outcome)] = row.requests
        if row.outcome == Outcome.ACCEPTED:
            today[row.shop_id] = row.today
    lasts = {row.shop_id: row for row in session.execute(_LASTS, given)}
    return {
        one: Traffic(weeks[one], today[one], lasts[one].event_at, lasts[one].failure_at)
        for one in shop_ids
    }


def rhythms(session: Session, shop_ids: Collection[int]) -> dict[int, Rhythm]:
    """How events came to those of the shops that ever sent one."""
    found = session.execute(_RHYTHMS, {"shops": sorted(shop_ids)})
    return {
        row.shop_id: Rhythm(row.events, row.first_at, row.last_at, row.longest or timedelta())
        for row in found
    }


@dataclass(frozen=True, slots=True)
class Handling:
    """How fast a shop's last events were booked (seconds), and what is left to do."""

    median_seconds: float | None
    p95_seconds: float | None
    waiting: int
    parked: int


def handling(session: Session, shop_ids: Collection[int]) -> dict[int, Handling]:
    """How the newest events of shops were handled; all of the shops are in the answer.

    Delays are told by the NEWEST events of all shops, as far as they are of the last day: no index
    finds those of one shop, for every event would have to pay for it when it comes in.
    """
    given = {"shops": sorted(shop_ids), "newest": NEWEST}
    delays = {row.shop_id: row.delays for row in session.execute(_DELAYS, given)}
    left = {row.shop_id: row for row in session.execute(_LEFT, given)}
    found = {}
    for one in shop_ids:
        median, p95 = delays.get(one) or (None, None)
        waiting, parked = (left[one].waiting, left[one].parked) if one in left else (0, 0)
        found[one] = Handling(_seconds(median), _seconds(p95), waiting, parked)
    return found


def _seconds(delay: float | None) -> float | None:
    return None if delay is None else round(delay, 3)


# Begins with the failures, which are few, by an index of theirs.
_RECENT = text("""
    SELECT door_counts.shop_id,
           coalesce(sum(count) FILTER (WHERE hour >= :since), 0)::bigint AS requests,
           sum(count) FILTER (WHERE hour >= :since AND outcome IN ('signature', 'timestamp'))
               ::bigint AS failures,
           min(first_at) FILTER (WHERE hour >= :since AND outcome IN ('signature', 'timestamp')),
           max(last_at) FILTER (WHERE outcome IN ('accepted', 'duplicate'))
    FROM (
        SELECT DISTINCT shop_id FROM door_counts
        WHERE hour >= :since AND outcome IN ('signature', 'timestamp') AND shop_id <> 0
          AND (CAST(:shops AS bigint[]) IS NULL OR shop_id = ANY (:shops))
    ) AS failing
    JOIN door_counts USING (shop_id)
    WHERE hour >= :known_since
    GROUP BY door_counts.shop_id
""")

_WEEK = text("""
    SELECT shop_id, outcome, sum(count)::bigint AS requests,
           coalesce(sum(count) FILTER (WHERE hour >= :midnight), 0)::bigint AS today
    FROM door_counts
    WHERE shop_id = ANY (CAST(:shops AS bigint[])) AND hour > :since
    GROUP BY shop_id, outcome
""")

_LASTS = text("""
    SELECT shop_id, event.last_at AS event_at, failure.last_at AS failure_at
    FROM unnest(CAST(:shops AS bigint[])) AS given (shop_id)
    LEFT JOIN LATERAL (
        SELECT last_at FROM door_counts
        WHERE shop_id = given.shop_id AND outcome IN ('accepted', 'duplicate')
        ORDER BY hour DESC, last_at DESC LIMIT 1
    ) AS event ON true
    LEFT JOIN LATERAL (
        SELECT last_at FROM door_counts
        WHERE shop_id = given.shop_id AND outcome NOT IN ('accepted', 'duplicate')
        ORDER BY hour DESC, last_at DESC LIMIT 1
    ) AS failure ON true
""")

# Aggregated shop by shop, or the planner would rather read the whole table once.
_RHYTHMS = text("""
    SELECT given.shop_id, week.*
    FROM unnest(CAST(:shops AS bigint[])) AS given (shop_id)
    CROSS JOIN LATERAL (
        SELECT hour FROM door_counts
        WHERE shop_id = given.shop_id AND outcome = 'accepted' ORDER BY hour DESC LIMIT 1
    ) AS newest
    CROSS JOIN LATERAL (
        SELECT sum(count)::bigint AS events, min(first_at) AS first_at, max(last_at) AS last_at,
               max(pause) AS longest
        FROM (
            SELECT count, first_at, last_at,
                   first_at - lag(last_at) OVER (ORDER BY hour) AS pause
            FROM door_counts
            WHERE shop_id = given.shop_id AND outcome = 'accepted'
              AND hour > newest.hour - interval '7 days'
        ) AS hours
    ) AS week
""")

_DELAYS = text("""
    SELECT shop_id,
           percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (
               ORDER BY extract(epoch FROM handled_at - received_at)::double precision
           ) AS delays
    FROM (
        SELECT shop_id, received_at, handled_at, state FROM inbox_events
        ORDER BY id DESC LIMIT :newest
    ) AS newest
    WHERE state = 'done' AND shop_id = ANY (CAST(:shops AS bigint[]))
      AND received_at > now() - interval '1 day'
    GROUP BY shop_id
""")

_LEFT = text("""
    SELECT shop_id, count(*) FILTER (WHERE state = 'waiting') AS waiting,
           count(*) FILTER (WHERE state = 'parked') AS parked
    FROM (
        SELECT shop_id, state FROM inbox_events WHERE state = 'waiting'
        UNION ALL
        SELECT shop_id, state FROM inbox_events WHERE state = 'parked'
    ) AS open
    WHERE shop_id = ANY (CAST(:shops AS bigint[]))
    GROUP BY shop_id
""")
