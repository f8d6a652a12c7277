"""Whose sum differs most from the list before: what a person looks at before approving."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.settlement.lists.bridge import Bridge, bridge_of
from tracker.settlement.queries import Tally, run_of

TOP = 10


@dataclass(frozen=True, slots=True)
class Change:
    """A member's sum on the list before and on this one, in kopecks; 0: not on it."""

    member_id: int
    before: int
    now: int


@dataclass(frozen=True, slots=True)
class Changes:
    """How many members changed in which way and by how much in all; of each the largest."""

    risen: Tally
    fallen: Tally
    joined: Tally
    """On this list, and not on the one before."""
    gone: Tally
    largest: dict[str, tuple[Change, ...]]
    """By the names above."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is to be known of a list before it is approved."""

    totals: Tally
    bridge: Bridge
    changes: Changes


def picture(session: Session, period: str, top: int = TOP) -> Picture:
    """A list's total, its bridge from the list before, and the largest changes.

    Raises RunNotFound.
    """
    run, bridge = run_of(session, period), bridge_of(session, period)
    return Picture(
        Tally(run.payouts, run.total), bridge, changes(session, bridge.previous, period, top)
    )


def changes(session: Session, before: str | None, now: str, top: int = TOP) -> Changes:
    """How one list differs from another, member by member."""
    tallies: dict[str, Tally] = {}
    largest: dict[str, tuple[Change, ...]] = {}
    session.execute(_BY_THE_INDEX, {"others": "off"})
    given = {"before": before, "now": now, "ways": list(_WAYS), "top": top}
    rows = session.execute(_CHANGES, given).all()
    session.execute(_BY_THE_INDEX, {"others": "on"})
    for row in rows:
        tallies[row.way] = Tally(row.members, int(row.amount))
        largest[row.way] = tuple(Change(*one) for one in row.largest)
    return Changes(**tallies, largest=largest)


_WAYS = ("risen", "fallen", "joined", "gone")

# Both lists are read in the order of their index, and merged: flat in memory, nothing is sorted.
# Of a month that was just drawn up the planner knows nothing, and would hash all of it to disk.
_BY_THE_INDEX = text("""
    SELECT set_config(name, :others, true)
    FROM unnest(ARRAY['enable_hashagg', 'enable_hashjoin', 'enable_bitmapscan', 'enable_seqscan'])
         AS plans (name)
""")

# Each way is ranked while it is read: only the largest are ever sorted.
_CHANGES = text("""
    WITH changed AS MATERIALIZED (
        SELECT member_id, coalesce(old.amount, 0) AS before, coalesce(new.amount, 0) AS now,
               CASE WHEN old.amount IS NULL THEN 'joined' WHEN new.amount IS NULL THEN 'gone'
                    WHEN new.amount > old.amount THEN 'risen' ELSE 'fallen' END AS way
        FROM (SELECT member_id, CAST(sum(amount) AS bigint) AS amount FROM payouts
              WHERE period = :before GROUP BY member_id) AS old
        FULL JOIN (SELECT member_id, CAST(sum(amount) AS bigint) AS amount FROM payouts
                   WHERE period = :now GROUP BY member_id) AS new USING (member_id)
        WHERE old.amount IS DISTINCT FROM new.amount
    )
    SELECT ways.way, told.members, told.amount, most.largest
    FROM unnest(CAST(:ways AS text[])) AS ways (way)
    CROSS JOIN LATERAL (
        SELECT count(*) AS members, coalesce(sum(now - before), 0) AS amount
        FROM changed WHERE changed.way = ways.way
    ) AS told
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(ARRAY[member_id, before, now]), '{}') AS largest
        FROM (SELECT * FROM changed WHERE changed.way = ways.way
              ORDER BY abs(now - before) DESC, member_id LIMIT :top) AS ranked
    ) AS most
""")
