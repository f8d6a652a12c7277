"""Reads of referral rewards: as their inviters see them, and as staff do."""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.purchases.reward_models import ReferralReward
from tracker.purchases.rewards import RewardState
from tracker.referrals.ports import Earned, FriendState

_SEEN_AS = {
    RewardState.NONE: FriendState.JOINED,
    RewardState.PENDING: FriendState.PENDING,
    RewardState.REVIEW: FriendState.REVIEW,
    RewardState.CONFIRMED: FriendState.REWARDED,
    RewardState.REJECTED: FriendState.REJECTED,
    RewardState.OVER_CEILING: FriendState.OVER_CEILING,
}


def earned(session: Session, inviter_id: int) -> Earned:
    """What all friends of a member together have brought."""
    found = session.execute(
        select(ReferralReward.state, func.sum(ReferralReward.amount))
        .where(
            ReferralReward.inviter_id == inviter_id,
            ReferralReward.state.in_(
                [RewardState.CONFIRMED, RewardState.PENDING, RewardState.REVIEW]
            ),
        )
        .group_by(ReferralReward.state)
    )
    sums = {RewardState(state): int(amount) for state, amount in found}
    pending = sums.get(RewardState.PENDING, 0) + sums.get(RewardState.REVIEW, 0)
    return Earned(pending, sums.get(RewardState.CONFIRMED, 0))


def states(session: Session, friends: Collection[int]) -> dict[int, FriendState]:
    """How far friends have come; those who have bought nothing are left out."""
    rows = session.execute(
        select(ReferralReward.friend_id, ReferralReward.state).where(
            ReferralReward.friend_id.in_(list(friends))
        )
    )
    return {row.friend_id: _SEEN_AS[RewardState(row.state)] for row in rows}


def listed(
    session: Session,
    *,
    state: RewardState | None = None,
    inviter_id: int | None = None,
    after: int = 0,
    limit: int = 100,
) -> list[ReferralReward]:
    """Rewards in the order in which the friends first bought."""
    query = (
        select(ReferralReward)
        .where(ReferralReward.id > after)
        .order_by(ReferralReward.id)
        .limit(limit)
    )
    if state is not None:
        query = query.where(ReferralReward.state == str(state))
    if inviter_id is not None:
        query = query.where(ReferralReward.inviter_id == inviter_id)
    return list(session.scalars(query))


def gauges(session: Session) -> dict[str, float]:
    """How many rewards wait for staff."""
    held = select(func.count()).where(ReferralReward.state == RewardState.REVIEW)
    return {"referral_rewards_in_review": session.scalar(held) or 0}
