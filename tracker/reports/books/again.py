"""What was promised once more of the same thing: sums of days count postings, reports count things.

A purchase that is restated is tracked by one posting more, and so is a bonus that moves on. Those
are few; they are taken off what is counted.
"""

from collections.abc import Sequence

from tracker.kit.database import one_of
from tracker.ledger.rules import Account, Kind


def again(kinds: Sequence[Kind], account: Account, *conditions: str) -> str:
    """The FROM and WHERE of entries on an account that track what was tracked before, among those
    that the conditions hold for. A thing is counted when it is tracked first."""
    also = "".join(f" AND {one}" for one in conditions if one)
    return _AGAIN.format(kinds=one_of("kind", kinds), account=account, also=also)


# What is called `…:1` is the first of its thing; others mostly are not.
_AGAIN = """
    FROM ledger_transactions AS moved JOIN ledger_entries ON transaction_id = moved.id
    WHERE {kinds} AND reference NOT LIKE '%\\:1' AND account = '{account}'{also}
      AND EXISTS (
          SELECT FROM ledger_transactions AS earlier
          WHERE earlier.reference >= substring(moved.reference FROM '.*[^0-9]')
            AND earlier.reference < substring(moved.reference FROM '.*[^0-9]') || 'A'
            AND earlier.id < moved.id
      )
"""
