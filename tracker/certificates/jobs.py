"""The workers' part: what was ordered is issued, what is too old is taken back."""

from datetime import datetime

from sqlalchemy import Engine

from tracker.certificates.expiry import take_back_expired, too_old
from tracker.certificates.issuing import claim, issue
from tracker.kit.database import unit_of_work
from tracker.kit.logs import log

CHUNK = 1_000
EXPIRED = 100
"""Taken back in one call: each is a movement of its own, of a member who is locked."""

_LOG = log("certificates")


def work(engine: Engine, now: datetime, valid_days: int | None) -> bool:
    """Issue a chunk, and take some back that are too old; True when there may be more."""
    issued = issue_some(engine, now, valid_days)
    return bool(expire_some(engine, now) or issued)


def issue_some(engine: Engine, now: datetime, valid_days: int | None) -> int:
    """Claim a chunk, COMMIT, issue it; returns how many were claimed.

    A worker that is lost in between leaves a lease behind; one that comes back after it is over
    finds that its fence is old, and changes nothing.
    """
    with unit_of_work(engine, "certificates.claim") as session:
        chunk = claim(session, CHUNK)
    if not chunk.certificates:
        return 0
    with unit_of_work(engine, "certificates.issue") as session:
        issued = issue(session, chunk, now, valid_days)
    if issued < len(chunk.certificates):
        lost = len(chunk.certificates) - issued
        _LOG.warning("late_issue_fenced_off", fence=chunk.fence, lost=lost)
    return len(chunk.certificates)


def expire_some(engine: Engine, now: datetime) -> int:
    """Take some back that are too old, each in a unit of work of its own; returns how many."""
    with unit_of_work(engine) as session:
        found = too_old(session, now, EXPIRED)
    for one in found:
        with unit_of_work(engine, "certificates.expire") as session:
            take_back_expired(session, one, now)
    return len(found)
