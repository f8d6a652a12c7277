"""How much is with the operator at once, over all workers: places at its counter, as rows.

A batch is sent from a free place. Who claims takes one that nobody else is about to take, without
waiting: so the count holds however many claim at once, and no claim waits for another. A place is
free when its batch has been answered or taken back, and when the second that its top-ups fill by
the agreed rate is over: so the rate holds as well, and nothing but these rows knows of either.
"""

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.settlement.delivery.claims import LEASE_SECONDS
from tracker.settlement.rules import Conduct, slots_of


def take(session: Session, conduct: Conduct) -> int | None:
    """Take a free place for the length of this unit of work; None: there is none, or nothing may
    be sent at present."""
    found = session.scalar(_TAKE, {"slots": slots_of(conduct)})
    return None if found is None else int(found)


def occupy(session: Session, slot: int, fence: int, top_ups: int, conduct: Conduct) -> None:
    """A batch of so many is sent from the place that was taken."""
    values = {
        "slot": slot,
        "fence": fence,
        "lease": LEASE_SECONDS,
        "top_ups": top_ups * slots_of(conduct),
        "rate": conduct.rate,
    }
    session.execute(_OCCUPY, values)


def free(session: Session, fence: int) -> None:
    """What was sent under a fence is no longer with the operator."""
    session.execute(_FREE, {"fence": fence})


_TAKE = text("""
    SELECT slot FROM settlement_slots
    WHERE slot <= :slots
      AND (lease_until IS NULL OR lease_until < clock_timestamp())
      AND (next_at IS NULL OR next_at <= clock_timestamp())
      AND settlement_may_send()
    ORDER BY slot
    LIMIT 1
    FOR UPDATE SKIP LOCKED
""")

_OCCUPY = text("""
    UPDATE settlement_slots
    SET fence = :fence, lease_until = clock_timestamp() + make_interval(secs => :lease),
        next_at = clock_timestamp() + :top_ups * interval '1 second' / :rate
    WHERE slot = :slot
""")

# Who is about to take the place has it already: its batch was late, and is not waited for.
_FREE = text("""
    UPDATE settlement_slots SET lease_until = NULL
    WHERE slot IN (SELECT slot FROM settlement_slots WHERE fence = :fence FOR UPDATE SKIP LOCKED)
""")
