"""Keeping what shops say of their days. The caller owns the unit of work."""

from sqlalchemy import func, or_, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tracker.kit.logs import log
from webhooks.totals.models import ControlTotal
from webhooks.totals.rules import Difference, Said, Verdict

_LOG = log("totals")
_MOST_RANGES = 500


def keep(
    session: Session, shop_id: int, said: Said, verdict: Verdict, *, trusted: bool, booking: int
) -> None:
    """Remember totals as the last of their shop and day, and what was found to differ since.

    The last that was proved, if one was: what nobody proved does not cover it up.
    """
    if said.totals is not None and verdict.ours is not None:
        _keep_totals(session, shop_id, said, verdict, trusted=trusted, booking=booking)
    if verdict.difference is not None:
        _keep_found(session, shop_id, said, verdict.difference, trusted=trusted)


def _keep_totals(
    session: Session, shop_id: int, said: Said, verdict: Verdict, *, trusted: bool, booking: int
) -> None:
    theirs, ours = said.totals, verdict.ours
    if theirs is None or ours is None:
        return
    values = {
        "trusted": trusted,
        "differs": not verdict.matches,
        "booking": booking,
        "our_count": ours.count,
        "our_sum": ours.amount,
        "their_count": theirs.count,
        "their_sum": theirs.amount,
        "found": {},
    }
    statement = insert(ControlTotal).values(shop_id=shop_id, day=said.day, **values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["shop_id", "day"],
            set_={**values, "received_at": func.now()},
            where=or_(statement.excluded.trusted, ControlTotal.trusted.is_(False)),
        )
    )
    if not verdict.matches:
        _LOG.warning(
            "control_total_differs",
            shop_id=shop_id,
            date=said.day.isoformat(),
            our_count=ours.count,
            their_count=theirs.count,
            our_kopecks=ours.amount,
            their_kopecks=theirs.amount,
            booking=booking,
        )


def _keep_found(
    session: Session, shop_id: int, said: Said, found: Difference, *, trusted: bool
) -> None:
    given = {
        "shop": shop_id,
        "trusted": trusted,
        "day": said.day,
        "first": said.within.first,
        "missing": len(found.missing),
        "extra": len(found.extra),
        "amounts": len(found.amounts),
        "words": len(found.words),
        "most": _MOST_RANGES,
    }
    session.execute(_ADD_FOUND, given)


# By the range's first number: looking into a range again replaces what was found in it.
_ADD_FOUND = text("""
    UPDATE control_totals SET found = found || jsonb_build_object(
        CAST(:first AS text), jsonb_build_object(
            'missing', CAST(:missing AS integer), 'extra', CAST(:extra AS integer),
            'amount_mismatch', CAST(:amounts AS integer),
            'status_mismatch', CAST(:words AS integer)
        )
    )
    WHERE shop_id = :shop AND day = :day AND differs AND (:trusted OR NOT trusted)
      AND (jsonb_exists(found, :first)
           OR (SELECT count(*) FROM jsonb_object_keys(found)) < :most)
""")
