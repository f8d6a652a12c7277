"""Referral rewards from the database and back. No decisions here but where each belongs by itself.

Whatever changes a friend's purchases holds the inviter's lock, and so does whoever calls this: what
is read of friends and of what waits cannot move.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from tracker.kit.database import bulk_update
from tracker.purchases.bonus import Carrier
from tracker.purchases.reward_models import ReferralReward
from tracker.purchases.rewards import PLACED, Decision, RewardState, Standing, wanted
from tracker.purchases.rules import LIVE, Status


@dataclass(slots=True)
class Reward:
    """One reward in this unit of work: as its row has it, and as it is to stand."""

    id: int | None
    friend_id: int
    inviter_id: int
    amount: int
    before: Standing
    after: Standing
    status: Status | None
    """That of the purchase which decides."""
    carried_at: datetime | None
    """When that was ordered; kept when there is none any more."""
    kept_at: datetime | None
    """The same as the row has it."""
    suspicions: str | None
    decision: Decision | None
    revision: int
    tracked_reference: str | None
    confirmed_reference: str | None

    @property
    def has_changed(self) -> bool:
        """Whether the row is to be written."""
        return (self.after, self.carried_at) != (self.before, self.kept_at)

    @property
    def asks(self) -> bool:
        """Whether it waits for room."""
        return self.after.state is RewardState.OVER_CEILING

    @property
    def changes_room(self) -> bool:
        """Whether it leaves room to others, or asks for some that did not."""
        frees = self.before.state in PLACED and self.after.state not in PLACED
        return frees or (self.asks and self.before.state is not RewardState.OVER_CEILING)

    @property
    def awaits_confirmation(self) -> bool:
        """Whether it would be confirmed now, and staff have not said anything of it."""
        comes = self.after.state is RewardState.CONFIRMED
        return comes and self.before.state is not RewardState.CONFIRMED and self.decision is None


def standings(session: Session, inviters: Mapping[int, int], amount: int) -> list[Reward]:
    """The rewards for some friends; of those that come by their first one it is ``amount``."""
    given = {"friends": list(inviters), "inviters": list(inviters.values())}
    return [_stands(row) for row in session.execute(_STANDINGS, {**given, "amount": amount})]


def taken(session: Session, inviters: Collection[int], but: Collection[int]) -> dict[int, int]:
    """Kopecks that the rewards of inviters come to, without those for some friends."""
    rows = session.execute(_TAKEN, {"inviters": list(inviters), "here": list(but)})
    return dict.fromkeys(inviters, 0) | {row.inviter_id: int(row.taken) for row in rows}


def queue(
    session: Session, inviters: Collection[int], but: Collection[int], *, most: int
) -> list[Reward]:
    """The rewards that wait for room, the first of each inviter, without those for some friends."""
    given = {"inviters": list(inviters), "here": list(but), "most": most}
    return [_stands(row) for row in session.execute(_WAITING, given)]


def open_rows(session: Session, rewards: Iterable[Reward]) -> None:
    """Make the rows that are not there yet."""
    fresh = {one.friend_id: one for one in rewards if one.id is None}
    if not fresh:
        return
    rows = session.execute(
        _OPEN,
        {
            "friends": list(fresh),
            "inviters": [one.inviter_id for one in fresh.values()],
            "amounts": [one.amount for one in fresh.values()],
        },
    )
    for row in rows:
        fresh[row.friend_id].id = row.id


def keep_rows(session: Session, rewards: Iterable[Reward], moments: Mapping[int, datetime]) -> None:
    """Write where the rewards stand now, since the moments of their inviters."""
    rows = [_row(one, moments[one.inviter_id]) for one in rewards]
    bulk_update(session, ReferralReward, rows)


def _row(one: Reward, at: datetime) -> dict[str, Any]:
    return {
        "id": one.id,
        "state": str(one.after.state),
        "purchase_id": one.after.purchase_id,
        "carried_at": one.carried_at,
        "suspicions": one.suspicions,
        "changed_at": at,
        "revision": one.revision,
        "tracked_reference": one.tracked_reference,
        "confirmed_reference": one.confirmed_reference,
    }


def _stands(row: Row[Any]) -> Reward:
    """A reward as it is, and as it belongs: what is to be placed asks for room first."""
    before = Standing(RewardState(row.state), row.purchase_id)
    first = _carrier(row.first_id, row.first_status)
    present = _carrier(row.present_id, row.present_status)
    decision = Decision(row.decision) if row.decision else None
    lives = present if present and present.status in LIVE else None
    after = wanted(before, first, lives, decision=decision, was_left=row.was_left)
    if after.state in PLACED and before.state not in PLACED:
        after = Standing(RewardState.OVER_CEILING, after.purchase_id)
    is_first = after.purchase_id == row.first_id
    carrier = first if is_first else present
    return Reward(
        id=row.id,
        friend_id=row.friend_id,
        inviter_id=row.inviter_id,
        amount=row.amount,
        before=before,
        after=after,
        status=carrier.status if carrier else None,
        carried_at=(row.first_at if is_first else row.present_at) or row.carried_at,
        kept_at=row.carried_at,
        suspicions=row.suspicions,
        decision=decision,
        revision=row.revision,
        tracked_reference=row.tracked_reference,
        confirmed_reference=row.confirmed_reference,
    )


def _carrier(purchase_id: int | None, status: str | None) -> Carrier | None:
    return Carrier(purchase_id, Status(status)) if purchase_id and status else None


# The first purchase is looked for by the index of a member's purchases in the order of time.
_STANDINGS = text("""
    SELECT wanted.friend_id, wanted.inviter_id, reward.id,
           coalesce(reward.amount, CAST(:amount AS bigint)) AS amount,
           coalesce(reward.state, 'none') AS state, reward.purchase_id,
           reward.carried_at, reward.suspicions, reward.decision,
           coalesce(reward.revision, 0) AS revision,
           reward.tracked_reference, reward.confirmed_reference,
           present.id AS present_id, present.status AS present_status,
           present.ordered_at AS present_at,
           earliest.id AS first_id, earliest.status AS first_status,
           earliest.ordered_at AS first_at,
           coalesce(earliest.ordered_at >= inviter.closed_at, false) AS was_left
    FROM unnest(CAST(:friends AS bigint[]), CAST(:inviters AS bigint[]))
         AS wanted (friend_id, inviter_id)
    JOIN members AS inviter ON inviter.id = wanted.inviter_id
    LEFT JOIN referral_rewards AS reward ON reward.friend_id = wanted.friend_id
    LEFT JOIN purchases AS present ON present.id = reward.purchase_id
          AND present.member_id = wanted.friend_id
          AND EXISTS (
              SELECT FROM purchase_lines AS paid
              WHERE paid.purchase_id = present.id AND paid.statement_no = present.statement_no
                AND paid.amount > 0
          )
    LEFT JOIN LATERAL (
        SELECT id, status, ordered_at FROM purchases
        WHERE purchases.member_id = wanted.friend_id
          AND EXISTS (
              SELECT FROM purchase_lines AS paid
              WHERE paid.purchase_id = purchases.id
                AND paid.statement_no = purchases.statement_no AND paid.amount > 0
          )
        ORDER BY ordered_at, shop_id, order_id
        LIMIT 1
    ) AS earliest ON true
""")

_TAKEN = text("""
    SELECT inviter_id, sum(amount) AS taken FROM referral_rewards
    WHERE inviter_id = ANY (CAST(:inviters AS bigint[]))
      AND state IN ('confirmed', 'pending', 'review')
      AND friend_id <> ALL (CAST(:here AS bigint[]))
    GROUP BY inviter_id
""")

# Their purchases cannot move: whoever moves one holds the inviter's lock.
_WAITING = text("""
    SELECT waiting.*
    FROM unnest(CAST(:inviters AS bigint[])) AS wanted (inviter_id)
    CROSS JOIN LATERAL (
        SELECT reward.*, purchase.id AS first_id, purchase.status AS first_status,
               carried_at AS first_at, NULL AS present_id, NULL AS present_status,
               NULL AS present_at, false AS was_left
        FROM referral_rewards AS reward JOIN purchases AS purchase ON purchase.id = purchase_id
        WHERE reward.inviter_id = wanted.inviter_id AND reward.state = 'over_ceiling'
          AND reward.friend_id <> ALL (CAST(:here AS bigint[]))
        ORDER BY carried_at, friend_id
        LIMIT CAST(:most AS integer)
    ) AS waiting
""")

_OPEN = text("""
    INSERT INTO referral_rewards (friend_id, inviter_id, amount)
    SELECT * FROM unnest(CAST(:friends AS bigint[]), CAST(:inviters AS bigint[]),
                         CAST(:amounts AS bigint[]))
    RETURNING id, friend_id
""")
