"""The word of staff on a reward that is held. The caller owns the unit of work."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tracker.audit.rules import check_reason
from tracker.audit.service import record
from tracker.goals.service import post_and_put_aside
from tracker.kit.errors import Conflict, NotFound
from tracker.ledger.service import lock_members
from tracker.notifications.service import notify
from tracker.purchases.reward_models import ReferralReward
from tracker.purchases.rewarding import Figures, place_rewards
from tracker.purchases.rewards import Decision, RewardState
from tracker.purchases.settling import Programme


class RewardNotFound(NotFound):
    """There is no reward for this friend."""

    code = "reward_not_found"


class RewardNotUnderReview(Conflict):
    """Nothing is asked of staff about this reward."""

    code = "reward_not_under_review"


def review(
    session: Session,
    friend_id: int,
    decision: Decision,
    *,
    who: str,
    reason: str,
    at: datetime,
    programme: Programme,
) -> ReferralReward:
    """Approve or refuse the reward for a friend, for good. It is audited.

    What is refused leaves room to others. Raises RewardNotFound, RewardNotUnderReview, and
    ReasonMissing for a reason of blanks.
    """
    said = check_reason(reason)
    inviter = session.scalar(
        select(ReferralReward.inviter_id).where(ReferralReward.friend_id == friend_id)
    )
    if inviter is None:
        raise RewardNotFound(f"no reward for friend {friend_id}")
    lock_members(session, {inviter})
    before = _picture(_found(session, friend_id))
    if before["state"] != RewardState.REVIEW:
        raise RewardNotUnderReview(f"the reward for friend {friend_id} is {before['state']}")
    session.execute(
        update(ReferralReward)
        .where(ReferralReward.friend_id == friend_id)
        .values(decision=str(decision))
    )
    figures = Figures(programme.referral_reward, programme.referral_ceiling)
    postings, notices = place_rewards(session, {friend_id: at}, {friend_id: inviter}, figures)
    post_and_put_aside(session, postings)
    notify(session, notices, at)
    found = _found(session, friend_id)
    subject = f"member:{friend_id}"
    record(
        session,
        who,
        "referral.review",
        subject,
        reason=said,
        before=before,
        after=_picture(found),
    )
    return found


def _found(session: Session, friend_id: int) -> ReferralReward:
    query = select(ReferralReward).where(ReferralReward.friend_id == friend_id)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _picture(one: ReferralReward) -> Mapping[str, Any]:
    return {
        "reward_id": one.id,
        "inviter_id": one.inviter_id,
        "amount": one.amount,
        "state": one.state,
        "suspicions": one.suspicions,
        "decision": one.decision,
    }
