"""Verbs on alerts. The caller owns the unit of work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tracker.alerts.models import Alert, AlertCondition
from tracker.alerts.rules import AlertNotFound, Condition, Reading
from tracker.audit.rules import check_reason
from tracker.audit.service import record

AGAIN = timedelta(minutes=5)
"""When a look that failed is tried again, at the latest."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a condition came to."""

    condition: Condition
    raised: Sequence[Reading] = field(default=())
    over: Sequence[str] = field(default=())
    error: str | None = None


def introduce(session: Session, conditions: Sequence[Condition]) -> None:
    """Let there be a row of every condition; what is none any more holds no longer."""
    names = [one.name for one in conditions]
    fresh = insert(AlertCondition).on_conflict_do_nothing()
    session.execute(fresh, [{"name": name} for name in names])
    session.execute(_GONE, {"names": names})


def next_due(session: Session, conditions: Sequence[Condition]) -> Condition | None:
    """Claim, until the unit of work ends, the condition that is due longest; None when none is."""
    by_name = {one.name: one for one in conditions}
    query = (
        select(AlertCondition.name)
        .where(AlertCondition.name.in_(by_name), AlertCondition.next_at <= func.clock_timestamp())
        .order_by(AlertCondition.next_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    name = session.scalar(query)
    return None if name is None else by_name[name]


def look(session: Session, one: Condition, now: datetime) -> Look:
    """Look at a condition, which is claimed, at a business moment, and keep what is found.

    A look that fails is kept as such, however it fails, or it would keep all the others from being
    looked at; it is soon tried again, and what held before goes on holding.
    """
    row = session.get_one(AlertCondition, one.name)
    row.next_at = session.scalars(select(func.clock_timestamp() + one.every)).one()
    try:
        with session.begin_nested():
            above = one.above(one.measure(session, now))
    except Exception as error:
        row.error = (str(error).partition("\n")[0] or type(error).__name__)[:500]
        soon = min(one.every, AGAIN)
        row.next_at = session.scalars(select(func.clock_timestamp() + soon)).one()
        session.flush()
        return Look(one, error=row.error)
    row.looked_at, row.error = session.scalars(select(func.clock_timestamp())).one(), None
    session.flush()
    return _keep(session, one, above)


def acknowledge(session: Session, name: str, subject: str, who: str, note: str) -> Alert:
    """Say that one looks after it. It stays until it is over.

    Raises AlertNotFound and ReasonMissing.
    """
    said = check_reason(note) or ""
    found = session.get(Alert, (name, subject), with_for_update=True, populate_existing=True)
    if found is None or found.until is not None:
        raise AlertNotFound
    found.acknowledged_by, found.note = who, said
    found.acknowledged_at = session.scalar(select(func.clock_timestamp()))
    session.flush()
    record(session, who, "alert.acknowledge", f"alert:{name}", reason=said, after={"of": subject})
    return found


def _keep(session: Session, one: Condition, above: Mapping[str, Reading]) -> Look:
    query = select(Alert).where(Alert.name == one.name)
    known = {alert.subject: alert for alert in session.scalars(query.with_for_update())}
    raised = [
        reading
        for subject, reading in above.items()
        if subject not in known or known[subject].until is not None
    ]
    over = [
        subject for subject, alert in known.items() if subject not in above and alert.until is None
    ]
    if above:
        session.execute(_HOLDS, [_values(one.name, reading) for reading in above.values()])
    if over:
        session.execute(_OVER, {"name": one.name, "subjects": over})
    session.expire_all()
    return Look(one, raised, over)


def _values(name: str, reading: Reading) -> dict[str, object]:
    return {
        "name": name,
        "subject": reading.subject,
        "value": reading.value,
        "limit": reading.limit,
        "said": reading.said[:500],
    }


# What begins again is new: nobody looks after it yet.
_HOLDS = text("""
    INSERT INTO alerts (name, subject, value, "limit", said)
    VALUES (:name, :subject, :value, :limit, :said)
    ON CONFLICT (name, subject) DO UPDATE
    SET value = excluded.value, "limit" = excluded."limit", said = excluded.said, until = NULL,
        since = CASE WHEN alerts.until IS NULL THEN alerts.since ELSE excluded.since END,
        acknowledged_by = CASE WHEN alerts.until IS NULL THEN alerts.acknowledged_by END,
        acknowledged_at = CASE WHEN alerts.until IS NULL THEN alerts.acknowledged_at END,
        note = CASE WHEN alerts.until IS NULL THEN alerts.note END
""")

_GONE = text("""
    UPDATE alerts SET until = clock_timestamp() WHERE until IS NULL AND name <> ALL (:names)
""")

_OVER = text("""
    UPDATE alerts SET until = clock_timestamp()
    WHERE name = :name AND subject = ANY (:subjects) AND until IS NULL
""")
