"""Reads of a member's history. Each source of lines is asked by an index of its own
(`tracker.cabinet.sources`)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from sqlalchemy import text, tuple_
from sqlalchemy.orm import Session

from tracker.cabinet.lines import (
    Bought,
    bonus_line,
    lines_of,
    reward_line,
    why_not,
)
from tracker.cabinet.rows import bought, bought_by, brought, rewards_of
from tracker.cabinet.rules import (
    PURCHASES,
    REWARDS,
    Line,
    Status,
    Wanted,
    Why,
)
from tracker.cabinet.sources import Look, adjustments, certificates, in_time, payments
from tracker.ledger.rules import Kind as Movement
from tracker.purchases.models import Purchase, WelcomeBonus
from tracker.purchases.reward_models import ReferralReward


def latest(session: Session, look: Look) -> list[Line]:
    """The first lines below a key, of all sources together."""
    found = [line for source in _ALL for line in source(session, look)]
    below = [
        line
        for line in found
        if look.wanted.takes(line) and (look.before is None or line.key < look.before)
    ]
    return sorted(below, key=lambda line: line.key, reverse=True)[: look.limit]


def _purchases(session: Session, look: Look) -> Iterable[Line]:
    """Purchases with money in the status that is wanted, and all lines of each."""
    left = Purchase.promised_cashback - Purchase.pending_cashback - Purchase.confirmed_cashback
    with_money = {
        None: Purchase.promised_cashback > 0,
        Status.ACCRUED: Purchase.confirmed_cashback > 0,
        Status.PENDING: Purchase.pending_cashback > 0,
        Status.REJECTED: left > 0,
    }
    if look.wanted.status not in with_money:
        return []
    place = tuple_(Purchase.ordered_at, Purchase.shop_id, Purchase.order_id)
    query = bought_by(look.wanted.member_id).where(with_money[look.wanted.status])
    query = in_time(query, look, PURCHASES, Purchase.ordered_at)
    if look.before and look.before.rank == PURCHASES.rank:
        # The purchase that the last page ended with may have lines left.
        query = query.where(place <= (look.before.moment, look.before.number, look.before.text))
    query = query.order_by(
        Purchase.ordered_at.desc(), Purchase.shop_id.desc(), Purchase.order_id.desc()
    ).limit(look.limit + 1)
    found = [bought(row) for row in session.execute(query)]
    return told(session, look.wanted.member_id, found)


def told(session: Session, member_id: int, found: Collection[Bought]) -> Iterator[Line]:
    """The lines of some purchases of a member."""
    doubtful = [one.id for one in found if one.rejected]
    reasons = _reasons(session, doubtful)
    taken_back = _taken_back(session, member_id, doubtful)
    for one in found:
        reason = reasons.get(one.id) or why_not(one)
        yield from lines_of(one, reason=reason, taken_back=one.id in taken_back)


def _bonuses(session: Session, look: Look) -> Iterator[Line]:
    """The welcome bonus is one; without a purchase to go with there is none."""
    row = session.execute(
        bought_by(look.wanted.member_id)
        .add_columns(WelcomeBonus.amount, WelcomeBonus.confirmed)
        .join(WelcomeBonus, WelcomeBonus.purchase_id == Purchase.id)
        .where(WelcomeBonus.member_id == look.wanted.member_id, WelcomeBonus.amount > 0)
    ).one_or_none()
    if row:
        yield bonus_line(look.wanted.member_id, row.amount, bought(row), confirmed=row.confirmed)


def _rewards(session: Session, look: Look) -> Iterator[Line]:
    """Rewards for friends, as far as they were ever money."""
    states = _REWARD_STATES.get(look.wanted.status)
    if states is None:
        return
    query = (
        rewards_of(look.wanted.member_id)
        .where(ReferralReward.state.in_(states))
        .order_by(ReferralReward.carried_at.desc(), ReferralReward.id.desc())
        .limit(look.limit)
    )
    query = in_time(query, look, REWARDS, ReferralReward.carried_at)
    if look.before and look.before.rank == REWARDS.rank:
        place = tuple_(ReferralReward.carried_at, ReferralReward.id)
        query = query.where(place < (look.before.moment, look.before.number))
    for row in session.execute(query):
        line = reward_line(brought(row))
        if line:
            yield line


_REWARD_STATES: Mapping[Status | None, tuple[str, ...]] = {
    None: ("confirmed", "pending", "review", "rejected"),
    Status.ACCRUED: ("confirmed",),
    Status.PENDING: ("pending", "review"),
    Status.REJECTED: ("rejected",),
}


def bonus(session: Session, member_id: int) -> list[Line]:
    """The line of a member's welcome bonus, if there is one."""
    return list(_bonuses(session, Look(Wanted(member_id), None, 1)))


def reward(session: Session, member_id: int, reward_id: int) -> list[Line]:
    """The line of one reward of a member, if it has one."""
    query = rewards_of(member_id).where(ReferralReward.id == reward_id)
    lines = [reward_line(brought(row)) for row in session.execute(query)]
    return [line for line in lines if line]


_ALL: tuple[Callable[[Session, Look], Iterable[Line]], ...] = (
    _purchases,
    _bonuses,
    _rewards,
    payments,
    certificates,
    adjustments,
)


def _reasons(session: Session, purchases: Collection[int]) -> Mapping[int, Why]:
    """Why the last return took something, of purchases of which one did."""
    if not purchases:
        return {}
    rows = session.execute(_REASONS, {"ids": sorted(purchases)})
    return {row.purchase_id: Why(row.reject_reason) for row in rows}


def _taken_back(session: Session, member_id: int, purchases: Collection[int]) -> set[int]:
    """Those of which something was taken back that had been available."""
    if not purchases:
        return set()
    ids = sorted(purchases)
    prefixes = [f"purchase:{one}:{Movement.CLAWED_BACK}" for one in ids]
    given = {
        "ids": ids,
        "firsts": [f"{one}:" for one in prefixes],
        "lasts": [f"{one};" for one in prefixes],
        "member": member_id,
    }
    return set(session.scalars(_TAKEN_BACK, given))


# A return took something if it was of all, or of a line that the purchase has.
_REASONS = text("""
    SELECT wanted.id AS purchase_id, last.reject_reason
    FROM unnest(CAST(:ids AS bigint[])) AS wanted (id)
    CROSS JOIN LATERAL (
        SELECT back.reject_reason FROM purchase_returns AS back
        WHERE back.purchase_id = wanted.id AND (back.whole OR EXISTS (
            SELECT FROM purchase_return_lines AS given
            JOIN purchases ON purchases.id = given.purchase_id
            JOIN purchase_lines AS sold ON sold.purchase_id = given.purchase_id
                 AND sold.statement_no = purchases.statement_no AND sold.line_id = given.line_id
            WHERE given.purchase_id = back.purchase_id AND given.return_id = back.return_id
        ))
        ORDER BY back.returned_at DESC, back.return_id DESC
        LIMIT 1
    ) AS last
""")

# In the order of the index and the first one alone: otherwise the planner, who guesses how many
# there are in such a range, may look through the whole ledger for one.
_TAKEN_BACK = text("""
    SELECT wanted.id
    FROM unnest(CAST(:ids AS bigint[]), CAST(:firsts AS text[]), CAST(:lasts AS text[]))
         AS wanted (id, first, last)
    CROSS JOIN LATERAL (
        SELECT moved.reference
        FROM ledger_transactions AS moved
        JOIN ledger_entries AS leg ON leg.transaction_id = moved.id
             AND leg.account = 'member_available' AND leg.owner_id = :member
        WHERE moved.reference > wanted.first AND moved.reference < wanted.last
        ORDER BY moved.reference
        LIMIT 1
    ) AS clawback
""")
