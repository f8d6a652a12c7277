"""Drawing up and sealing a month's list. The caller owns the unit of work."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.audit.service import record
from tracker.kit.database import bulk_insert
from tracker.kit.money import MAX_KOPECKS
from tracker.relatives.queries import confirmed_directions
from tracker.relatives.rules import split
from tracker.settlement.lists.bridge import draw
from tracker.settlement.lists.sealed import keep
from tracker.settlement.models import Payout, SettlementRun
from tracker.settlement.rules import SYSTEM, PeriodNotBegun, first_of


def prepare(
    session: Session,
    period: str,
    as_of: datetime,
    *,
    minimum: int,
    cap: int | None,
    prepared_by: str = SYSTEM,
) -> SettlementRun:
    """Draw up and seal the list of a period: what each member is due, in kopecks.

    Due is everything available, at least ``minimum``, at most ``cap`` and what one payment can
    carry, to members who had joined by then and have auto-payment on; what of it goes to relatives
    is `relatives.rules.split`. Preparing again returns the run that exists.

    All of it sees one moment when the caller's unit of work does (`preparing.prepare_once`): the
    list and the bridge to it would not add up while bookings go on.

    Raises PeriodInvalid and PeriodNotBegun.
    """
    if as_of < first_of(period):
        raise PeriodNotBegun(f"{period} begins at {first_of(period).isoformat()}")
    existing = session.get(SettlementRun, period)
    if existing is not None:
        return existing
    session.execute(
        _DRAW_UP,
        {
            "period": period,
            "as_of": as_of,
            "minimum": minimum,
            "cap": cap,
            "most": MAX_KOPECKS,
        },
    )
    _draw_up_with_relatives(session, period, as_of, minimum=minimum, cap=cap)
    count, total, sha256 = keep(session, period)
    run = SettlementRun(
        period=period,
        as_of=as_of,
        payouts=count,
        total=total,
        sha256=sha256,
        prepared_by=prepared_by,
    )
    session.add(run)
    session.flush()
    session.refresh(run)
    draw(session, run, minimum=minimum, cap=cap)
    drawn_up = {"sha256": sha256, "total": total, "payouts": count, "minimum": minimum, "cap": cap}
    record(session, prepared_by, "settlement.prepare", f"settlement:{period}", after=drawn_up)
    return run


def _draw_up_with_relatives(
    session: Session, period: str, as_of: datetime, *, minimum: int, cap: int | None
) -> None:
    """The lists of those who share with relatives, a chunk of members at a time."""
    given = {"as_of": as_of, "minimum": minimum, "cap": cap, "most": MAX_KOPECKS, "after": 0}
    while rows := session.execute(_WITH_RELATIVES, {**given, "limit": _CHUNK}).all():
        directions = confirmed_directions(session, {row.member_id for row in rows})
        bulk_insert(
            session,
            Payout,
            [
                {
                    "period": period,
                    "member_id": row.member_id,
                    "number_id": part.number_id,
                    "amount": part.amount,
                }
                for row in rows
                for part in split(
                    row.due, directions.get(row.member_id, ()), row.own_number, minimum=minimum
                )
            ],
        )
        given["after"] = rows[-1].member_id


_DRAW_UP = text("""
    INSERT INTO payouts (period, member_id, number_id, amount)
    SELECT :period, members.id, numbers.id,
           least(balances.available, CAST(:cap AS bigint), :most)
    FROM member_balances AS balances
    JOIN members ON members.id = balances.member_id
    JOIN numbers ON numbers.member_id = members.id
         AND numbers.role = 'own' AND numbers.ended_at IS NULL
    WHERE balances.available >= :minimum
      AND members.auto_payment AND members.closed_at IS NULL AND members.joined_at <= :as_of
      AND NOT EXISTS (SELECT FROM relatives WHERE relatives.member_id = members.id)
    ORDER BY members.id
""")

# Those who have, or had, somebody on their list: the rule says what each number gets.
_WITH_RELATIVES = text("""
    SELECT members.id AS member_id, own.id AS own_number,
           least(balances.available, CAST(:cap AS bigint), :most) AS due
    FROM members
    JOIN member_balances AS balances ON balances.member_id = members.id
    LEFT JOIN numbers AS own
         ON own.member_id = members.id AND own.role = 'own' AND own.ended_at IS NULL
    WHERE balances.available >= :minimum AND members.id > :after
      AND members.auto_payment AND members.closed_at IS NULL AND members.joined_at <= :as_of
      AND EXISTS (SELECT FROM relatives WHERE relatives.member_id = members.id)
    ORDER BY members.id
    LIMIT :limit
""")

_CHUNK = 5_000
