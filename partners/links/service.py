"""Making clicks. The caller owns the unit of work."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from partners.offers.service import terms_at
from tracker.clicks.rules import Click
from tracker.clicks.service import record
from tracker.kit.errors import Conflict

_PREFIX = "clk_"


class NothingPromised(Conflict):
    """The shop had no offer at that moment."""

    code = "nothing_promised"


@dataclass(frozen=True, slots=True)
class Visit:
    """A member follows a shop's link."""

    member_id: int
    shop_id: int
    at: datetime


def follow(session: Session, visits: Sequence[Visit], window: timedelta) -> list[Click]:
    """Record visits with the terms that held then; clicks come in the order of the visits.

    Orders within ``window`` of the visit will be credited to it.

    Raises NothingPromised.
    """
    held = terms_at(session, [(visit.shop_id, visit.at) for visit in visits])
    clicks = []
    for visit in visits:
        terms = held.get((visit.shop_id, visit.at))
        if terms is None:
            raise NothingPromised(f"shop {visit.shop_id} had no offer at {visit.at.isoformat()}")
        click_id = _PREFIX + secrets.token_urlsafe(16)
        until = visit.at + window
        clicks.append(Click(click_id, visit.member_id, visit.shop_id, visit.at, until, terms))
    record(session, clicks)
    return clicks
