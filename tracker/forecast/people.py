"""Whom the next 1sts may pay, and what each has, waits for, and bought lately.

Members as they are set up now (payment on, goals, numbers); their money as of the moment. All is
read in one snapshot; of very many members a part is read that stands for all.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from tracker.forecast.futures import WEEK
from tracker.forecast.inputs import HISTORY
from tracker.forecast.simulation import Bought, Member, Stirred, Waiting

WEEKS = 26
"""How many past weeks the coming ones may be like."""

MOST_LINES = 150_000
"""Purchases that are played through; of more, those of every second, third, ... member."""

_BATCH = 10_000
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class People:
    """Members, and how they were read."""

    members: list[Member]
    one_in: int
    """Of how many members one is among them."""
    weeks: int
    """Of how many past weeks their purchases are told; 0: nothing was bought yet."""
    totals: list[int]
    """What was promised to them in each of those weeks, the latest first: kopecks."""


def people(session: Session, as_of: datetime, most_lines: int = MOST_LINES) -> People:
    """Everybody whom the months may pay, or a part that stands for them."""
    row = session.execute(_SIZE, {"as_of": as_of, "since": as_of - HISTORY}).one()
    weeks = min(WEEKS, int((as_of - row.first) / _DAY // WEEK)) if row.first else 0
    if row.first and weeks == 0:
        weeks = 1
    one_in = -(-row.lines // most_lines) or 1
    given = {
        "as_of": as_of,
        "since": as_of - HISTORY,
        "lately": as_of - weeks * WEEK * _DAY,
        "one_in": one_in,
    }
    drafts: defaultdict[int, _Draft] = defaultdict(_Draft)
    totals = [0] * weeks
    for row in session.execute(_WORTH, given).yield_per(_BATCH):
        drafts[row.member_id].worth = int(row.worth)
        drafts[row.member_id].saving = int(row.saving)
    for row in session.execute(_WAITING, given).yield_per(_BATCH):
        drafts[row.member_id].waiting.append(_waiting(row, as_of))
    for row in session.execute(_BOUGHT, given).yield_per(_BATCH):
        bought = _bought(row, as_of)
        drafts[row.member_id].bought.append(bought)
        totals[bought.week] += bought.amount
    for row in session.execute(_STIRRED, given).yield_per(_BATCH):
        week, into = _when(as_of - row.at)
        drafts[row.member_id].stirred.append(Stirred(int(row.amount), week, into))
    return People(list(_members(drafts)), one_in, weeks, totals)


class _Draft:
    __slots__ = ("bought", "saving", "stirred", "waiting", "worth")

    def __init__(self) -> None:
        self.worth = 0
        self.saving = 0
        self.waiting: list[Waiting] = []
        self.bought: list[Bought] = []
        self.stirred: list[Stirred] = []


def _members(drafts: dict[int, _Draft]) -> Iterator[Member]:
    for _, one in sorted(drafts.items()):
        if one.worth > 0 or one.waiting or one.bought:
            yield Member(one.worth, one.saving, one.waiting, one.bought, one.stirred)


def _waiting(row: Any, as_of: datetime) -> Waiting:
    return Waiting(
        row.shop_id,
        int(row.amount),
        max(0.0, (as_of - row.ordered_at) / _DAY),
        _hold(row),
        _SILENCE[row.on_hold_end],
    )


def _bought(row: Any, as_of: datetime) -> Bought:
    week, into = _when(as_of - row.ordered_at)
    hold = round(2 * _hold(row)) / 2  # half days: orders alike are played through by one table
    return Bought(row.shop_id, int(row.amount), week, into, hold, _SILENCE[row.on_hold_end])


def _hold(row: Any) -> float:
    hold: float = (row.hold_ends_at - row.ordered_at) / _DAY
    return max(0.0, hold)


def _when(ago: timedelta) -> tuple[int, float]:
    """Which past week, and how far into it."""
    days = ago / _DAY
    week = int(days // WEEK)
    return week, (week + 1) * WEEK - days


_SILENCE = {"confirm": True, "reject": False, "wait_for_staff": None}

_SIZE = text("""
    SELECT count(*) AS lines, min(ordered_at) AS first
    FROM purchases
    WHERE member_id IS NOT NULL AND ordered_at > :since AND ordered_at < :as_of
""")

_PAYABLE = """
    WITH payable AS (
        SELECT id FROM members
        WHERE auto_payment AND closed_at IS NULL AND joined_at <= :as_of AND id % :one_in = 0
          AND (EXISTS (SELECT FROM numbers WHERE member_id = members.id AND role = 'own'
                       AND ended_at IS NULL)
               OR EXISTS (SELECT FROM relatives WHERE member_id = members.id))
    )
"""


def _with_payable(query: str) -> TextClause:
    return text("".join((_PAYABLE, query)))


# A goal that is given more keeps up to its target, one that is paused what it has.
_WORTH = _with_payable("""
    , worth AS (
        SELECT owner_id, -sum(amount) AS sum
        FROM ledger_entries JOIN ledger_transactions AS moved ON moved.id = transaction_id
        WHERE account IN ('member_available', 'member_reserved') AND effective_at <= :as_of
          AND owner_id % :one_in = 0
        GROUP BY owner_id
    ), saving AS (
        SELECT member_id, sum(CASE WHEN state = 'active' THEN target ELSE reserved END) AS sum
        FROM goals WHERE ended_at IS NULL GROUP BY member_id
    )
    SELECT payable.id AS member_id, coalesce(worth.sum, 0) AS worth,
           coalesce(saving.sum, 0) AS saving
    FROM payable
    LEFT JOIN worth ON worth.owner_id = payable.id
    LEFT JOIN saving ON saving.member_id = payable.id
    WHERE worth.sum <> 0 OR saving.sum > 0
""")

# A bonus and a reward share the fate of a purchase: their reference leads to it.
_WAITING = _with_payable("""
    , moved AS (
        SELECT owner_id, split_part(reference, ':', 1) AS of,
               CAST(split_part(reference, ':', CASE WHEN starts_with(reference, 'bonus:')
                               THEN 3 ELSE 2 END) AS bigint) AS id,
               -sum(amount) AS amount
        FROM ledger_entries JOIN ledger_transactions AS moved ON moved.id = transaction_id
        WHERE account = 'member_pending' AND effective_at > :since AND effective_at <= :as_of
          AND owner_id % :one_in = 0
        GROUP BY 1, 2, 3
        HAVING sum(amount) < 0
    ), pending AS (
        SELECT owner_id, amount, moved.id AS purchase_id FROM moved WHERE of = 'purchase'
        UNION ALL
        SELECT owner_id, moved.amount, purchase_id
        FROM moved JOIN welcome_bonuses ON member_id = moved.id WHERE of = 'bonus'
        UNION ALL
        SELECT owner_id, moved.amount, purchase_id
        FROM moved JOIN referral_rewards ON referral_rewards.id = moved.id WHERE of = 'reward'
    )
    SELECT owner_id AS member_id, purchases.shop_id, amount, ordered_at, hold_ends_at, on_hold_end
    FROM pending
    JOIN payable ON payable.id = owner_id
    JOIN purchases ON purchases.id = pending.purchase_id
    JOIN clicks ON clicks.id = coalesce(attributed_click_id, purchases.click_id)
    WHERE hold_ends_at IS NOT NULL AND ordered_at IS NOT NULL
    ORDER BY owner_id, purchases.id, amount
""")

_BOUGHT = _with_payable("""
    , bought AS (
        SELECT purchases.id, purchases.member_id, purchases.shop_id, ordered_at, hold_ends_at,
               on_hold_end, promised_cashback
        FROM purchases
        JOIN clicks ON clicks.id = coalesce(attributed_click_id, purchases.click_id)
        WHERE purchases.member_id IS NOT NULL AND ordered_at > :lately AND ordered_at < :as_of
          AND hold_ends_at IS NOT NULL
    )
    SELECT bought.member_id, shop_id, ordered_at, hold_ends_at, on_hold_end,
           promised_cashback + coalesce(bonus.amount, 0) AS amount
    FROM bought JOIN payable ON payable.id = bought.member_id
    LEFT JOIN welcome_bonuses AS bonus
         ON bonus.purchase_id = bought.id AND bonus.member_id = bought.member_id
    WHERE promised_cashback + coalesce(bonus.amount, 0) > 0
    UNION ALL
    SELECT inviter_id, shop_id, ordered_at, hold_ends_at, on_hold_end, reward.amount
    FROM bought
    JOIN referral_rewards AS reward ON reward.purchase_id = bought.id
    JOIN payable ON payable.id = inviter_id
    WHERE state IN ('pending', 'review', 'confirmed', 'rejected')
    ORDER BY 1, 3, 2, 6
""")

# What confirmations bring and months pay is played; what goals keep is played as well.
_STIRRED = _with_payable("""
    SELECT owner_id AS member_id, -amount AS amount, effective_at AS at
    FROM ledger_entries JOIN ledger_transactions AS moved ON moved.id = transaction_id
    JOIN payable ON payable.id = owner_id
    WHERE account = 'member_available' AND effective_at > :lately AND effective_at < :as_of
      AND kind NOT IN ('confirmed', 'bonus_confirmed', 'reward_confirmed', 'payout_submitted',
                       'payout_failed', 'goal_reserved', 'goal_released')
    ORDER BY owner_id, transaction_id, leg
""")
