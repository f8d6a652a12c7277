"""What staff and finance look for among certificates and voids."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tracker.certificates.models import Certificate, Salon
from tracker.certificates.rules import CertificateNotFound, CertificateState
from tracker.certificates.voiding import VOIDING, subject_of
from tracker.proposals.models import Proposal
from tracker.proposals.queries import STATE
from tracker.proposals.rules import State

_CHUNK = 1_000

Row = Mapping[str, Any]


class Moment(StrEnum):
    """Which moment of a certificate a span of time is about."""

    ORDERED = "ordered"
    ISSUED = "issued"
    REDEEMED = "redeemed"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which certificates; what is None is any."""

    state: CertificateState | None = None
    member_id: int | None = None
    salon: str | None = None
    """The slug of the salon that took it."""
    moment: Moment = Moment.ORDERED
    since: datetime | None = None
    """The first moment, included."""
    until: datetime | None = None
    """The moment before which it was."""


def listed(session: Session, search: Search, *, after: int, limit: int) -> list[Row]:
    """Certificates in the order in which they were ordered; those after an id."""
    query = _found(search).where(Certificate.id > after).limit(limit)
    return [dict(row) for row in session.execute(query).mappings()]


def every(session: Session, search: Search) -> Iterator[Row]:
    """All of them in the same order, some at a time."""
    rows = session.execute(_found(search), execution_options={"yield_per": _CHUNK})
    for row in rows.mappings():
        yield dict(row)


def whole(session: Session, certificate_id: int) -> Row:
    """A certificate, with what was asked of its voids. Raises CertificateNotFound."""
    row = session.execute(_CERTIFICATES.where(Certificate.id == certificate_id)).mappings().first()
    if row is None:
        raise CertificateNotFound
    asked = _VOIDS.where(Proposal.subject == subject_of(certificate_id))
    voids = session.execute(asked.order_by(Proposal.id)).mappings()
    return {**row, "voids": [dict(one) for one in voids]}


def voids(session: Session, state: State | None, *, after: int, limit: int) -> list[Row]:
    """Voids in the order in which they were asked for; those after an id."""
    query = _VOIDS.where(Proposal.id > after).order_by(Proposal.id).limit(limit)
    if state is not None:
        query = query.where(STATE == str(state))  # noqa: SIM300
    return [dict(row) for row in session.execute(query).mappings()]


def void_row(session: Session, void_id: int) -> Row:
    """One of them, which is there."""
    found = session.execute(_VOIDS.where(Proposal.id == void_id)).mappings().one()
    return dict(found)


_CERTIFICATES = select(
    Certificate.id,
    Certificate.member_id,
    Certificate.goal_id,
    Certificate.amount,
    Certificate.from_goal,
    Certificate.state,
    Certificate.codes,
    Certificate.ordered_at,
    Certificate.issued_at,
    Certificate.expires_at,
    Certificate.redeemed_at,
    Salon.slug.label("salon"),
    Certificate.receipt_id,
    Certificate.voided_at,
    Certificate.void_reason,
    Certificate.decided_by.label("released_by"),
).outerjoin(Salon, Salon.id == Certificate.salon_id)

_VOIDS = (
    select(
        Proposal.id,
        Certificate.id.label("certificate_id"),
        Certificate.member_id,
        Certificate.amount,
        Certificate.state.label("certificate_state"),
        STATE.label("state"),
        Proposal.reason,
        Proposal.payload_sha256,
        Proposal.proposed_by,
        Proposal.proposed_at,
        Proposal.decided_by,
        Proposal.decided_at,
    )
    .join(Certificate, Certificate.id == Proposal.payload["certificate_id"].as_integer())
    .where(Proposal.action == VOIDING.name)
)

_MOMENTS = {
    Moment.ORDERED: Certificate.ordered_at,
    Moment.ISSUED: Certificate.issued_at,
    Moment.REDEEMED: Certificate.redeemed_at,
    Moment.VOIDED: Certificate.voided_at,
}


def _found(search: Search) -> Select[*tuple[Any, ...]]:
    query: Select[*tuple[Any, ...]] = _CERTIFICATES.order_by(Certificate.id)
    at = _MOMENTS[search.moment]
    if search.state is not None:
        query = query.where(Certificate.state == search.state)
    if search.member_id is not None:
        query = query.where(Certificate.member_id == search.member_id)
    if search.salon is not None:
        query = query.where(Salon.slug == search.salon)
    if search.since is not None:
        query = query.where(at >= search.since)
    if search.until is not None:
        query = query.where(at < search.until)
    return query
