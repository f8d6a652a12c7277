"""Closing a month, as an act that takes two people."""

from datetime import timedelta

from sqlalchemy.orm import Session

from tracker.kit.runtime import Runtime
from tracker.periods.rules import CLOSE, TASK
from tracker.periods.service import close, held, ready
from tracker.proposals.contracts import Action, Approved, Facts, Unit


def payload_of(period: str) -> Facts:
    """What is proposed."""
    return {"period": period}


def _seen(session: Session, payload: Facts) -> Facts:
    """By which check: a later one, or a month that was closed meanwhile, is another matter."""
    return {"check_id": held(session, payload["period"]).id}


def _carry_out(session: Session, house: Runtime, what: Approved) -> None:
    period: str = what.payload["period"]
    fresh = timedelta(hours=house.settings.period_check_hours)
    ready(session, period, what.now, fresh)
    close(session, period, what.proposed_by, what.approved_by)


CLOSING = Action(
    name=CLOSE,
    about="Close the books of a month: nothing is ever written into it again",
    units={"check_id": Unit.PLAIN},
    seen=_seen,
    carry_out=_carry_out,
    task=TASK,
)
