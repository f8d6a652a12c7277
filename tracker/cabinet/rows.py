"""Purchases and rewards as a history reads them."""

from typing import Any

from sqlalchemy import Row, Select, and_, select

from tracker.cabinet.lines import Bought, Brought
from tracker.clicks.rules import OnHoldEnd
from tracker.purchases.models import Purchase
from tracker.purchases.reward_models import ReferralReward
from tracker.purchases.rewards import Decision, RewardState
from tracker.purchases.rules import Status as PurchaseStatus

Rows = Select[*tuple[Any, ...]]


def bought_by(member_id: int) -> Rows:
    """Purchases of a member, with what a history needs of them."""
    return select(
        Purchase.id,
        Purchase.shop_id,
        Purchase.order_id,
        Purchase.ordered_at,
        Purchase.status,
        Purchase.promised_cashback,
        Purchase.pending_cashback,
        Purchase.confirmed_cashback,
        Purchase.hold_ends_at,
        Purchase.hold_outcome,
        Purchase.staff_outcome,
        and_(Purchase.ceiling.is_not(None), Purchase.ceiling < Purchase.stated_total).label("less"),
    ).where(Purchase.member_id == member_id)


def bought(row: Row[Any]) -> Bought:
    """A row of `bought_by`."""
    return Bought(
        row.id,
        row.shop_id,
        row.order_id,
        row.ordered_at,
        PurchaseStatus(row.status),
        row.promised_cashback,
        row.pending_cashback,
        row.confirmed_cashback,
        row.hold_ends_at,
        row.hold_outcome and OnHoldEnd(row.hold_outcome),
        row.staff_outcome and OnHoldEnd(row.staff_outcome),
        bool(row.less),
    )


def rewards_of(member_id: int) -> Rows:
    """Rewards of an inviter that were ever money, with what a history needs of them."""
    return (
        select(
            ReferralReward.id,
            ReferralReward.carried_at,
            ReferralReward.amount,
            ReferralReward.state,
            ReferralReward.decision,
            ReferralReward.confirmed_reference,
            Purchase.hold_ends_at,
            Purchase.status,
        )
        .outerjoin(Purchase, Purchase.id == ReferralReward.purchase_id)
        .where(
            ReferralReward.inviter_id == member_id,
            ReferralReward.tracked_reference.is_not(None),
            ReferralReward.carried_at.is_not(None),
        )
    )


def brought(row: Row[Any]) -> Brought:
    """A row of `rewards_of`."""
    return Brought(
        row.id,
        row.carried_at,
        row.amount,
        RewardState(row.state),
        row.decision == Decision.REFUSE,
        row.confirmed_reference is not None,
        row.hold_ends_at,
        row.status and PurchaseStatus(row.status),
    )
