"""Reads of claims."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.claims.models import Claim, ClaimFile
from tracker.claims.rules import ClaimClosed, ClaimNotFound, State


def claim_of(session: Session, claim_id: int, member_id: int | None = None) -> Claim:
    """A claim; with ``member_id`` only that member's. Raises ClaimNotFound."""
    query = select(Claim).where(Claim.id == claim_id)
    if member_id is not None:
        query = query.where(Claim.member_id == member_id)
    found = session.scalar(query)
    if found is None:
        raise ClaimNotFound(f"no claim {claim_id}")
    return found


def open_claim(session: Session, claim_id: int, member_id: int | None = None) -> Claim:
    """A claim that waits for an answer, locked. Raises ClaimNotFound and ClaimClosed."""
    claim_of(session, claim_id, member_id)
    locked = session.scalar(
        select(Claim)
        .where(Claim.id == claim_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if locked is None or locked.state != State.WITH_STAFF:
        raise ClaimClosed(f"claim {claim_id} was answered already")
    return locked


def of_member(session: Session, member_id: int, *, before: int | None, limit: int) -> list[Claim]:
    """A member's claims, the newest first; those before an id."""
    query = select(Claim).where(Claim.member_id == member_id)
    if before is not None:
        query = query.where(Claim.id < before)
    return list(session.scalars(query.order_by(Claim.id.desc()).limit(limit)))


def listed(
    session: Session,
    *,
    state: State | None = None,
    shop_id: int | None = None,
    member_id: int | None = None,
    overdue_at: datetime | None = None,
    after: int = 0,
    limit: int = 100,
) -> list[Claim]:
    """Claims in the order in which they were made; ``overdue_at``: those not answered by then."""
    query = select(Claim).where(Claim.id > after).order_by(Claim.id).limit(limit)
    if state is not None:
        query = query.where(Claim.state == state)
    if shop_id is not None:
        query = query.where(Claim.shop_id == shop_id)
    if member_id is not None:
        query = query.where(Claim.member_id == member_id)
    if overdue_at is not None:
        query = query.where(Claim.state == State.WITH_STAFF, Claim.deadline <= overdue_at)
    return list(session.scalars(query))


def files_of(session: Session, claim_id: int) -> list[ClaimFile]:
    """The files of a claim, in the order in which they were sent."""
    query = select(ClaimFile).where(ClaimFile.claim_id == claim_id).order_by(ClaimFile.id)
    return list(session.scalars(query))


def look_is_due(session: Session, now: datetime) -> bool:
    """Whether some claim is to be compared with the events again."""
    query = select(Claim.id).where(Claim.state == State.WITH_STAFF, Claim.look_at <= now).limit(1)
    return session.scalar(query) is not None


def gauges(session: Session) -> dict[str, float]:
    """Claims in figures for monitoring: how many wait for an answer."""
    waiting = session.scalar(select(func.count()).where(Claim.state == State.WITH_STAFF))
    return {"claims_with_staff": waiting or 0}
