"""What must hold after a month on bad days: the operator's payments are the truth."""

from collections.abc import Iterator
from typing import Any

from psycopg import Cursor
from psycopg.rows import namedtuple_row

import wsgi
from sandbox.billing.topups import Payment
from sandbox.billing.truth import payments
from tests.fault_sweep.place import PERIOD, Place
from tracker.kit.database import snapshot
from tracker.members.queries import open_phone

_PROVED = ("ledger", "settlement")
_ENDED = {"paid", "failed", "withheld", "with_staff"}


def what_is_wrong(place: Place) -> Iterator[str]:
    """Nobody paid twice, nobody lost, books that agree to the kopeck, all unknown is listed."""
    cursor: Cursor[Any] = place.owner.cursor(row_factory=namedtuple_row)
    paid: dict[str, list[Payment]] = {}
    for one in payments(place.books):
        paid.setdefault(one.key, []).append(one)
    ours = cursor.execute(_PAYOUTS, [PERIOD]).fetchall()
    phones = _phones(place)
    for payout in ours:
        yield from _payout_is_wrong(payout, paid.pop(f"payout:{payout.id}", []), phones)
    for key in paid:
        yield f"the operator has paid {key}, which is no payout of ours"
    for row in cursor.execute(_OWED):
        if row.owed != row.payouts:
            yield f"the ledger owes the operator {row.owed} kopecks, payouts say {row.payouts}"
    for row in cursor.execute(_LOST):
        yield f"member {row.member_id} was confirmed {row.confirmed} kopecks and has {row.has}"
    with snapshot(place.tools.engine) as session:
        for room in _PROVED:
            for difference in wsgi.PROOFS[room](session):
                yield f"ledger proof: {difference}"


def _payout_is_wrong(payout: Any, paid: list[Payment], phones: dict[int, str]) -> Iterator[str]:
    name = f"payout {payout.id} ({payout.state}, {payout.reason})"
    if len(paid) > 1:
        yield f"{name} was paid {len(paid)} times: {[one.at for one in paid]}"
    if payout.state not in _ENDED:
        yield f"{name} has not ended"
    if payout.state == "with_staff" and not payout.listed:
        yield f"{name} is on nobody's list"
    if payout.state != "with_staff" and (payout.state == "paid") != bool(paid):
        yield f"{name}: the operator has paid it {len(paid)} times"
    for one in paid:
        if (one.phone, one.amount) != (phones[payout.number_id], payout.amount):
            yield f"{name} is of {payout.amount}, {one.amount} were paid to another or otherwise"


def _phones(place: Place) -> dict[int, str]:
    keys = place.tools.settings.keys
    rows = place.owner.execute("SELECT id, member_id, sealed FROM numbers").fetchall()
    return {number: open_phone(keys, member, bytes(sealed)) for number, member, sealed in rows}


_PAYOUTS = """
    SELECT payouts.id, payouts.state, payouts.reason, payouts.amount, payouts.number_id,
           EXISTS (SELECT FROM settlement_findings AS found WHERE found.payout_id = payouts.id
                   AND found.state <> 'explained') AS listed
    FROM payouts WHERE period = %s ORDER BY id
"""

_OWED = """
    SELECT (SELECT coalesce(sum(amount), 0) FROM payouts WHERE state = 'paid') AS payouts,
           (SELECT coalesce(-sum(amount), 0) FROM ledger_entries
            WHERE account = 'owed_to_operator') AS owed
"""

_LOST = """
    SELECT member_id, available + in_flight + coalesce(gone, 0) AS has, confirmed
    FROM member_balances
    JOIN (SELECT owner_id, -sum(amount) AS confirmed FROM ledger_entries
          JOIN ledger_transactions AS moved ON moved.id = transaction_id
          WHERE kind = 'bonus_confirmed' AND account = 'member_available'
          GROUP BY owner_id) AS given ON owner_id = member_id
    LEFT JOIN (SELECT member_id AS whose, sum(amount) AS gone FROM payouts
               WHERE state = 'paid' GROUP BY member_id) AS sent ON whose = member_id
    WHERE available + in_flight + coalesce(gone, 0) <> confirmed
       OR available < 0 OR in_flight < 0
"""
