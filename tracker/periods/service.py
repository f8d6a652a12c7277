"""Verbs on months. The caller owns the unit of work."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tracker.audit.service import record
from tracker.kit.database import constraint_name
from tracker.ledger.models import ClosedPeriod
from tracker.periods import books
from tracker.periods.contracts import Check
from tracker.periods.documents import Seal, seal
from tracker.periods.models import PeriodCheck, PeriodDocument
from tracker.periods.queries import is_closed, last_check, next_to_close
from tracker.periods.rules import (
    DocumentNotFound,
    PeriodNotFound,
    PeriodNotNext,
    PeriodNotOver,
    PeriodNotReady,
    check_period,
    end_of,
)


def ask_for_check(session: Session, period: str, who: str, now: datetime) -> PeriodCheck:
    """Have a worker look whether a month may be closed; one that waits already is that one.

    Raises PeriodInvalid, PeriodNotFound, PeriodNotNext and PeriodNotOver.
    """
    see_that_it_is_next(session, period, now)
    waiting = select(PeriodCheck).where(
        PeriodCheck.period == period, PeriodCheck.finished_at.is_(None)
    )
    found = session.scalar(waiting.limit(1))
    if found is not None:
        return found
    asked = PeriodCheck(period=period, as_of=now, asked_by=who)
    session.add(asked)
    session.flush()
    record(session, who, "period.check", f"period:{period}")
    return asked


def see_that_it_is_next(session: Session, period: str, now: datetime) -> None:
    """Raises PeriodInvalid, PeriodNotFound, PeriodNotNext and PeriodNotOver."""
    check_period(period)
    due = next_to_close(session)
    if period not in due:
        closed = is_closed(session, period)
        if not due or (period < due[0] and not closed):
            raise PeriodNotFound(f"there are no books of {period}")
        said = ": it is closed" if closed else ""
        raise PeriodNotNext(f"{due[0]} is next, not {period}{said}")
    if now < end_of(period):
        raise PeriodNotOver(f"{period} is not over before {end_of(period).isoformat()}")


def look(session: Session, checks: Mapping[str, Check]) -> bool:
    """Make one check that waits, in one moment; False when none does.

    The caller's unit of work is of one moment: then all that is looked at belongs together. A
    worker that is lost in between lets go of the row, and another one takes it.
    """
    query = (
        select(PeriodCheck)
        .where(PeriodCheck.finished_at.is_(None))
        .order_by(PeriodCheck.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    asked = session.scalar(query)
    if asked is None:
        return False
    found = {
        name: list(check(session, asked.period, asked.as_of)) for name, check in checks.items()
    }
    finished = session.scalar(select(func.clock_timestamp()))
    asked.obstacles, asked.finished_at = found, finished
    session.flush()
    return True


def ready(session: Session, period: str, now: datetime, fresh: timedelta) -> PeriodCheck:
    """The check by which a month may be closed now: nothing stood in the way, not long ago.

    Raises PeriodInvalid, PeriodNotFound, PeriodNotNext, PeriodNotOver and PeriodNotReady.
    """
    see_that_it_is_next(session, period, now)
    check = held(session, period)
    real: datetime = session.scalars(select(func.clock_timestamp())).one()
    if check.finished_at is None or real - check.finished_at > fresh:
        raise PeriodNotReady(f"{period} was checked too long ago: {check.finished_at}")
    return check


def held(session: Session, period: str) -> PeriodCheck:
    """The last check of a month, which nothing stood in the way of. Raises PeriodNotReady."""
    check = last_check(session, period)
    if check is None:
        raise PeriodNotReady(f"{period} was not checked: POST /admin/api/v1/periods/{period}/check")
    if not check.holds:
        said = "; ".join(
            f"{name}: {one}" for name, found in (check.obstacles or {}).items() for one in found
        )
        raise PeriodNotReady(f"{period} is not ready: {said[:1000]}")
    return check


def close(session: Session, period: str, proposed_by: str, approved_by: str) -> None:
    """Close a month: PostgreSQL waits for whoever is in the middle of a posting, and refuses what
    would be written into it from then on. Raises PeriodNotNext."""
    session.add(ClosedPeriod(period=period, proposed_by=proposed_by, approved_by=approved_by))
    try:
        session.flush()
    except IntegrityError as error:
        if constraint_name(error) in ("closed_periods_in_order", "pk_closed_periods"):
            raise PeriodNotNext(f"{period} is not the next month to be closed") from error
        raise
    record(session, approved_by, "period.close", f"period:{period}")


def draw_up(session: Session) -> str | None:
    """Seal the documents of one closed month that lacks them; which one, None when none does."""
    period = session.scalar(_TO_DRAW_UP)
    if period is None:
        return None
    for name, lines in books.DOCUMENTS.items():
        made = seal(lines(session, period))
        session.add(
            PeriodDocument(
                period=period, name=name, lines=made.lines, size=made.size, sha256=made.sha256
            )
        )
        session.flush()
    return str(period)


def documents_of(session: Session, period: str) -> list[PeriodDocument]:
    """The seals of a month's documents. Raises PeriodInvalid and PeriodNotFound."""
    check_period(period)
    if not is_closed(session, period):
        raise PeriodNotFound(f"{period} is not closed")
    query = select(PeriodDocument).where(PeriodDocument.period == period)
    return list(session.scalars(query.order_by(PeriodDocument.name)))


def document(session: Session, period: str, name: str) -> PeriodDocument:
    """The seal of one document. Raises PeriodInvalid and DocumentNotFound."""
    check_period(period)
    found = session.get(PeriodDocument, (period, name))
    if found is None or name not in books.DOCUMENTS:
        raise DocumentNotFound(f"{period} has no document {name[:40]!r}")
    return found


def made_anew(session: Session, kept: PeriodDocument) -> Seal:
    """The seal that a document has when it is made anew."""
    return seal(books.DOCUMENTS[kept.name](session, kept.period))


_TO_DRAW_UP = text("""
    SELECT period FROM closed_periods
    WHERE NOT EXISTS (SELECT FROM period_documents
                      WHERE period_documents.period = closed_periods.period)
      AND pg_try_advisory_xact_lock(hashtextextended('period documents', 0))
    ORDER BY period LIMIT 1
""")
