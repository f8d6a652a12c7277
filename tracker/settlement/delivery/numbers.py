"""Whether numbers are the operator's own: asked before the first top-up, told by refusals."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.settlement.delivery.claims import Unchecked
from tracker.settlement.ports import Reach

_SERVED = {Reach.SERVED: True, Reach.NOT_SERVED: False, Reach.NOT_TOLD: None}

REFUSED = "number_"
"""Reasons of failures that begin so are the number's: it was not the operator's, or is no more."""


def write_down(session: Session, asked: Sequence[Unchecked], answers: Sequence[Reach]) -> None:
    """What the operator said of numbers. What it did not tell is written down as well: it is not
    asked again for the length of a run, and the top-up itself will tell."""
    told = {one.number_id: _SERVED[answer] for one, answer in zip(asked, answers, strict=True)}
    if told:
        ids = sorted(told)
        session.execute(_WRITE_DOWN, {"ids": ids, "served": [told[one] for one in ids]})


def refused(session: Session, payouts: Sequence[int]) -> None:
    """The numbers of some payouts are not, or no more, the operator's: they are to be asked about
    before the next run pays to them."""
    if payouts:
        session.execute(_REFUSED, {"ids": list(payouts)})


_WRITE_DOWN = text("""
    INSERT INTO number_checks (number_id, served)
    SELECT id, served
    FROM unnest(CAST(:ids AS bigint[]), CAST(:served AS boolean[])) AS given (id, served)
    ON CONFLICT (number_id) DO UPDATE
    SET served = excluded.served, checked_at = clock_timestamp()
""")

_REFUSED = text("""
    INSERT INTO number_checks (number_id, served)
    SELECT DISTINCT number_id, false FROM payouts WHERE id = ANY (CAST(:ids AS bigint[]))
    ORDER BY number_id
    ON CONFLICT (number_id) DO UPDATE SET served = false, checked_at = clock_timestamp()
""")
