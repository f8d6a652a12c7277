"""What this room asks of whoever keeps the rewards."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sqlalchemy.orm import Session


class FriendState(StrEnum):
    """How far a friend has come, as the inviter sees it."""

    JOINED = "joined"
    """Has bought nothing yet."""
    PENDING = "pending"
    """Has bought; the reward is pending with that first purchase."""
    REVIEW = "review"
    """The purchase is confirmed, and the club looks into it: the reward is pending until then."""
    REWARDED = "rewarded"
    REJECTED = "rejected"
    OVER_CEILING = "over_ceiling"
    """Has bought, and the inviter has as much as one may have; it waits for room."""


@dataclass(frozen=True, slots=True)
class Earned:
    """What an inviter's friends have brought, in kopecks."""

    pending: int
    confirmed: int


class Rewards(Protocol):
    """The rewards as their inviters see them."""

    def earned(self, session: Session, inviter_id: int) -> Earned:
        """What all friends together have brought."""

    def states(self, session: Session, friends: Collection[int]) -> Mapping[int, FriendState]:
        """How far friends have come; those who have bought nothing are left out."""
