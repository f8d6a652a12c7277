"""Closing a month, as an act that takes two people."""

from datetime import timedelta

from sqlalchemy.orm import Session

from tracker.kit.runtime import Runtime
from tracker.periods.rules import CLOSE, TASK
from tracker.periods.service import close, held, ready
from tracker.proposals.contracts import Action, Approved, Facts


def payload_of(period: str) -> Facts:
    """What is proposed."""
    return {"period": period}


def _seen(session: Session, payload: Facts) -> Facts:
    """That nothing stood in the way. A later check that says so too changes nothing: else whoever
    may ask for one could keep a month open; one that finds something is said when it is approved.
    """
    return {"obstacles": held(session, payload["period"]).obstacles}


def _carry_out(session: Session, house: Runtime, what: Approved) -> None:
    period: str = what.payload["period"]
    fresh = timedelta(hours=house.settings.period_check_hours)
    ready(session, period, what.now, fresh)
    close(session, period, what.proposed_by, what.approved_by)


CLOSING = Action(
    name=CLOSE,
    about="Close the books of a month: nothing is ever written into it again",
    seen=_seen,
    carry_out=_carry_out,
    task=TASK,
)
