"""Reads of the books that a forecast rests on, as of a business moment. They take a while.

What is counted are the ledger's movements of members' pending cashback of purchases, by their age.
Of purchases that were reattributed the movements of both members count.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from tracker.forecast.curves import Ending, Ends, ends_of
from tracker.forecast.unlike import WATCHED, Left

HISTORY = timedelta(days=365)
"""What was ordered longer ago tells nothing of how shops are now."""

_BATCH = 10_000

Counts = dict[tuple[int, Ending], float]


class Seen:
    """What was seen of shops' words and of staff's: purchases and kopecks by age and ending."""

    def __init__(self) -> None:
        self.word: dict[int, Ends] = {}
        self.money: dict[int, Ends] = {}
        self.staff: Ends = ends_of({})
        self.purchases = 0


def seen(session: Session, as_of: datetime) -> Seen:
    """How purchases of a year have ended, by shop, as far as it counted by then."""
    found = Seen()
    counts: dict[int, Counts] = {}
    kopecks: dict[int, Counts] = {}
    squares: dict[int, tuple[int, int]] = {}
    staff: Counts = {}
    for row in session.execute(_SEEN, {"as_of": as_of, "since": as_of - HISTORY}):
        key = (row.age, Ending(row.ending))
        if row.stage == "staff":
            staff[key] = staff.get(key, 0) + row.purchases
            continue
        counts.setdefault(row.shop_id, {})[key] = row.purchases
        kopecks.setdefault(row.shop_id, {})[key] = int(row.kopecks)
        total, squared = squares.get(row.shop_id, (0, 0))
        squares[row.shop_id] = (total + int(row.kopecks), squared + int(row.squares))
        found.purchases += row.purchases
    found.word = {shop: ends_of(exits) for shop, exits in counts.items()}
    for shop, exits in kopecks.items():
        # Purchases differ in size: as many of one size as would tell as much.
        total, squared = squares[shop]
        found.money[shop] = ends_of(
            {key: amount * total / squared for key, amount in exits.items()}
        )
    found.staff = ends_of(staff)
    return found


def lately(session: Session, as_of: datetime) -> Iterator[tuple[int, Left]]:
    """How purchases left the count in the days that are watched, with the shop of each."""
    given = {"as_of": as_of, "since": as_of - HISTORY, "days": WATCHED}
    for row in session.execute(_LATELY, given).yield_per(_BATCH):
        yield row.shop_id, Left(row.ago, row.age, Ending(row.ending), row.purchases)


_EXITS = """
    WITH bought AS (
        SELECT purchases.id, purchases.shop_id, ordered_at, hold_ends_at, on_hold_end
        FROM purchases
        JOIN clicks ON clicks.id = coalesce(attributed_click_id, purchases.click_id)
        WHERE ordered_at > :since AND ordered_at <= :as_of AND hold_ends_at IS NOT NULL
    ), moved AS (
        SELECT CAST(split_part(reference, ':', 2) AS bigint) AS purchase_id, kind, effective_at,
               -amount AS amount
        FROM ledger_transactions
        JOIN ledger_entries ON transaction_id = ledger_transactions.id
        WHERE account = 'member_pending' AND kind IN ('tracked', 'rejected', 'confirmed')
          AND effective_at > :since AND effective_at <= :as_of
    ), ended AS (
        SELECT purchase_id, kind AS ending, effective_at AS at, -amount AS kopecks
        FROM moved WHERE kind <> 'tracked'
        UNION ALL
        SELECT purchase_id, 'waiting', :as_of, sum(amount)
        FROM moved GROUP BY purchase_id HAVING sum(amount) > 0
    ), exits AS (
        SELECT bought.*, ended.ending, ended.at, ended.kopecks, at >= hold_ends_at AS held,
               row_number() OVER (PARTITION BY bought.id ORDER BY at DESC, ended.ending DESC) = 1
                   AS last
        FROM ended JOIN bought ON bought.id = ended.purchase_id
    ), told AS (
        SELECT shop_id, 'word' AS stage, last, kopecks, least(at, hold_ends_at) AS at,
               CASE WHEN held THEN 'held' ELSE ending END AS ending,
               greatest(least(at, hold_ends_at) - ordered_at, interval '0') AS age
        FROM exits
        UNION ALL
        SELECT 0, 'staff', last, kopecks, at, ending, at - hold_ends_at
        FROM exits WHERE held AND on_hold_end = 'wait_for_staff'
    )
"""


def _with_exits(query: str) -> TextClause:
    return text("".join((_EXITS, query)))


# The last to leave of a purchase is the purchase's own end.
_SEEN = _with_exits("""
    SELECT shop_id, stage, ending, CAST(floor(extract(epoch FROM age) / 86400) AS integer) AS age,
           count(*) FILTER (WHERE last) AS purchases, sum(kopecks) AS kopecks,
           sum(CAST(kopecks AS numeric) * kopecks) AS squares
    FROM told
    GROUP BY shop_id, stage, ending, 4
""")

_LATELY = _with_exits("""
    SELECT shop_id, ending, CAST(floor(extract(epoch FROM age) / 86400) AS integer) AS age,
           CAST(floor(extract(epoch FROM :as_of - at) / 86400) AS integer) AS ago,
           count(*) AS purchases
    FROM told
    WHERE stage = 'word' AND last AND at > :as_of - make_interval(days => :days)
    GROUP BY shop_id, ending, 3, 4
    ORDER BY shop_id
""")
