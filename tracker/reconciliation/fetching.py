"""Keeping a statement, a page at a time. The caller owns the units of work, and no call is made
to the operator within one: a fetch that is cut off leaves nothing that counts."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.kit.crypto import Keyring
from tracker.kit.database import bulk_insert
from tracker.members.queries import PHONE
from tracker.reconciliation.models import KeptLine
from tracker.reconciliation.rules import StatementBusy, payout_of, without_number
from tracker.settlement.ports import StatementLine

LEASE_SECONDS = 60
"""For one page with the operator and the next being kept."""

FORGOTTEN_AT_ONCE = 20_000
"""Lines of dropped statements that one unit of work deletes."""


def begin(session: Session, day: date, *, whole: bool) -> int | None:
    """Begin to fetch a day's statement; None while another worker does.

    ``whole``: the day is over, and what is fetched now is all there will be.
    """
    session.execute(_DROP_EXPIRED, {"day": day})
    values = {"day": day, "whole": whole, "lease": LEASE_SECONDS}
    found: int | None = session.scalar(_BEGIN, values)
    return found


def keep(
    session: Session, keys: Keyring, statement: int, before: int, lines: Sequence[StatementLine]
) -> None:
    """Keep a page, of which ``before`` lines came before. Raises StatementBusy when another worker
    has taken over."""
    _hold(session, statement)
    bulk_insert(session, KeptLine, _kept(session, keys, statement, before, lines))


def finish(session: Session, statement: int, *, lines: int, total: int) -> None:
    """All lines are there, and they are what the operator says: from now on it may be compared.
    Raises StatementBusy."""
    _hold(session, statement)
    session.execute(_DROP_FORMER, {"statement": statement})
    session.execute(_FINISH, {"statement": statement, "lines": lines, "total": total})


def drop(session: Session, statement: int) -> None:
    """It could not be fetched to its end."""
    session.execute(_DROP, {"statement": statement})


def forget_dropped(session: Session) -> bool:
    """Delete some lines of dropped statements; True when there may be more."""
    gone = session.scalar(_FORGET, {"most": FORGOTTEN_AT_ONCE}) or 0
    return gone >= FORGOTTEN_AT_ONCE


def _hold(session: Session, statement: int) -> None:
    values = {"statement": statement, "lease": LEASE_SECONDS}
    if session.execute(_HOLD, values).first() is None:
        raise StatementBusy("another worker has taken over")


def _kept(
    session: Session, keys: Keyring, statement: int, before: int, lines: Sequence[StatementLine]
) -> list[dict[str, Any]]:
    """Rows of lines: whose they are is seen on arrival, and the numbers are let go of."""
    numbers = {line.key: payout_of(line.key) for line in lines}
    ids = sorted({one for one in numbers.values() if one is not None})
    ours = {row.id: row for row in session.execute(_PAYOUTS, {"ids": ids})}
    rows: list[dict[str, Any]] = []
    strange: dict[int, list[bytes]] = {}
    for number, line in enumerate(lines, start=before):
        payout = ours.get(numbers[line.key] or 0)
        matches = payout is not None and _is_its_number(keys, line, payout)
        if payout is None or not matches or payout.amount != line.amount:
            strange[number] = keys.hashes(PHONE, line.phone)
        rows.append(
            {
                "statement_id": statement,
                "line": number,
                "key": without_number(line.key),
                "reference": line.reference,
                "amount": line.amount,
                "at": line.at,
                "payout_id": payout.id if payout is not None else None,
                "number_matches": matches,
                "number_hash": None,
            }
        )
    known = _known_hashes(session, strange)
    return [row | {"number_hash": known.get(row["line"])} for row in rows] if known else rows


def _is_its_number(keys: Keyring, line: StatementLine, payout: Any) -> bool:
    """Whether a line was paid to the number that a payout was sent to, or is to be.

    By what was sent, as long as a key of then is known; the number itself may be erased since.
    """
    content = json.dumps([line.key, line.phone, payout.amount])
    if payout.request_hash in keys.hashes("top-up", content):
        return True
    return payout.number_hash in keys.hashes(PHONE, line.phone)


def _known_hashes(session: Session, hashes: dict[int, list[bytes]]) -> dict[int, bytes]:
    """Which of the hashes under all keys of some lines' numbers is the one that we keep."""
    if not hashes:
        return {}
    wanted = [one for tried in hashes.values() for one in tried]
    known = set(session.scalars(_KNOWN, {"hashes": wanted}))
    return {line: one for line, tried in hashes.items() for one in tried if one in known}


_BEGIN = text("""
    INSERT INTO operator_statements (day, whole, lease_until)
    VALUES (:day, :whole, clock_timestamp() + make_interval(secs => :lease))
    ON CONFLICT (day) WHERE state = 'fetching' DO NOTHING
    RETURNING id
""")

_DROP_EXPIRED = text("""
    UPDATE operator_statements SET state = 'dropped'
    WHERE day = :day AND state = 'fetching' AND lease_until < clock_timestamp()
""")

_HOLD = text("""
    UPDATE operator_statements
    SET lease_until = clock_timestamp() + make_interval(secs => :lease)
    WHERE id = :statement AND state = 'fetching'
    RETURNING id
""")

_DROP_FORMER = text("""
    UPDATE operator_statements AS former SET state = 'dropped'
    FROM operator_statements AS latter
    WHERE latter.id = :statement AND former.day = latter.day AND former.state = 'fetched'
""")

_FINISH = text("""
    UPDATE operator_statements
    SET state = 'fetched', lines = :lines, total = :total, lease_until = NULL,
        fetched_at = clock_timestamp()
    WHERE id = :statement
""")

_DROP = text("""
    UPDATE operator_statements SET state = 'dropped' WHERE id = :statement AND state = 'fetching'
""")

_PAYOUTS = text("""
    SELECT payouts.id, payouts.amount, payouts.request_hash, numbers.hash AS number_hash
    FROM payouts JOIN numbers ON numbers.id = payouts.number_id
    WHERE payouts.id = ANY (CAST(:ids AS bigint[]))
""")

_KNOWN = text("SELECT DISTINCT hash FROM numbers WHERE hash = ANY (CAST(:hashes AS bytea[]))")

_FORGET = text("SELECT forget_dropped_statements(:most)")
