"""Recording clicks and reading them back. The caller owns the unit of work."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from math import ceil

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tracker.clicks.models import ClickRow
from tracker.clicks.rules import Allowance, Click, OnHoldEnd, Terms, TooManyClicks
from tracker.kit.database import bulk_insert

TURN = "pg_advisory_xact_lock(hashtextextended('clicks of member ' || :member, 0))"
"""SQL by which one click of a member is made after the other, so that none slips past the
allowances: to stand in a statement before the one that counts, and to cost none of its own."""


def record(session: Session, clicks: Sequence[Click]) -> None:
    """Keep clicks for good."""
    bulk_insert(
        session,
        ClickRow,
        [
            {
                "id": click.id,
                "member_id": click.member_id,
                "shop_id": click.shop_id,
                "clicked_at": click.clicked_at,
                "valid_until": click.valid_until,
                **asdict(click.terms),
                "sub_id": click.sub_id,
            }
            for click in clicks
        ],
    )


def record_one(session: Session, click: Click, allowances: Sequence[Allowance]) -> None:
    """Keep a click that its member makes now, if no allowance is used up; after `TURN`.

    Counted among the clicks themselves: nothing else is written. Raises TooManyClicks.
    """
    given = {
        "id": click.id,
        "member": click.member_id,
        "shop": click.shop_id,
        "at": click.clicked_at,
        "until": click.valid_until,
        **asdict(click.terms),
        "sub_id": click.sub_id,
        "most": [one.clicks for one in allowances],
        "since": [click.clicked_at - one.within for one in allowances],
    }
    if session.scalar(_RECORD_ONE, given) is not None:
        return
    free_at = max(
        one.within + moment
        for one in allowances
        if (moment := session.scalar(_NTH_LAST, {**given, "nth": one.clicks - 1})) is not None
    )
    wait = ceil((free_at - click.clicked_at).total_seconds())
    raise TooManyClicks("too many links were followed", retry_after=max(1, wait))


def by_ids(session: Session, ids: Collection[str]) -> dict[str, Click]:
    """The clicks that were ever issued among some ids."""
    if not ids:
        return {}
    table = ClickRow.__table__
    rows = session.execute(select(table).where(ClickRow.id.in_(list(ids))))
    return {
        row.id: Click(
            row.id,
            row.member_id,
            row.shop_id,
            row.clicked_at,
            row.valid_until,
            Terms(row.cashback_bp, row.commission_bp, row.hold_days, OnHoldEnd(row.on_hold_end)),
            row.sub_id,
        )
        for row in rows
    }


# In the order of the index, so that it is read however few clicks the planner believes in.
_RECORD_ONE = text("""
    INSERT INTO clicks (id, member_id, shop_id, clicked_at, valid_until,
                        cashback_bp, commission_bp, hold_days, on_hold_end, sub_id)
    SELECT :id, :member, :shop, :at, :until,
           :cashback_bp, :commission_bp, :hold_days, :on_hold_end, :sub_id
    WHERE NOT EXISTS (
        SELECT FROM unnest(CAST(:most AS integer[]), CAST(:since AS timestamptz[]))
             AS allowance (most, since)
        WHERE most <= (
            SELECT count(*) FROM (
                SELECT FROM clicks WHERE member_id = :member AND clicked_at > since
                ORDER BY clicked_at DESC LIMIT most
            ) AS recent
        )
    )
    RETURNING id
""")

_NTH_LAST = text("""
    SELECT clicked_at FROM clicks WHERE member_id = :member
    ORDER BY clicked_at DESC OFFSET :nth LIMIT 1
""")
