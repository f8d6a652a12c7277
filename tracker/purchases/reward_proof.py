"""Referral rewards in the ledger proof: against the entries, and against the friends' purchases."""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.ledger.rules import Difference


def prove_rewards(session: Session) -> Iterator[Difference]:
    """What the rewards say of their money and of the purchases that decide on them."""
    for row in session.execute(_MONEY_OFF):
        yield Difference(f"reward {row.reward} {row.account}", str(row.expected), str(row.found))
    for row in session.execute(_STANDING_OFF):
        expected = f"what is due with purchase {row.first_id}: {row.first_status}"
        yield Difference(f"reward for friend {row.friend_id}", expected, str(row.state))


# By the reward's number and by owner, as with purchases.
_MONEY_OFF = text("""
    WITH booked AS (
        SELECT split_part(reference, ':', 2) AS reward, account, owner_id, -sum(amount) AS amount
        FROM ledger_transactions AS transactions
        JOIN ledger_entries AS entries ON entries.transaction_id = transactions.id
        WHERE kind IN ('reward_clawed_back', 'reward_confirmed', 'reward_rejected',
                       'reward_tracked')
        GROUP BY 1, 2, 3
    ), kept AS (
        SELECT rewards.id::text AS reward, said.account, said.owner_id, said.amount
        FROM referral_rewards AS rewards CROSS JOIN LATERAL (VALUES
            ('member_pending', inviter_id,
             CASE WHEN state IN ('pending', 'review') THEN rewards.amount ELSE 0 END),
            ('member_available', inviter_id,
             CASE WHEN state = 'confirmed' THEN rewards.amount ELSE 0 END),
            ('marketing_expense', 0,
             CASE WHEN state IN ('pending', 'review', 'confirmed') THEN -rewards.amount ELSE 0 END)
        ) AS said (account, owner_id, amount)
    )
    SELECT coalesce(kept.reward, booked.reward) AS reward,
           coalesce(kept.account, booked.account) AS account,
           coalesce(booked.amount, 0) AS expected, coalesce(kept.amount, 0) AS found
    FROM kept FULL JOIN booked USING (reward, account, owner_id)
    WHERE coalesce(booked.amount, 0) <> coalesce(kept.amount, 0)
    ORDER BY 1, 2
""")

# Every friend whom somebody invited, and everybody for whom there is a reward. A confirmed one may
# stay with a later purchase than the first, as long as both live. An inviter who has left may have
# been there when the friend bought, or not.
_STANDING_OFF = text("""
    SELECT friend.id AS friend_id, coalesce(reward.state, 'no reward') AS state,
           earliest.id AS first_id, earliest.status AS first_status
    FROM members AS friend
    LEFT JOIN members AS inviter ON inviter.id = friend.referrer_id
    LEFT JOIN referral_rewards AS reward ON reward.friend_id = friend.id
    LEFT JOIN purchases AS carrier ON carrier.id = reward.purchase_id
    LEFT JOIN LATERAL (
        SELECT id, status, ordered_at FROM purchases
        WHERE purchases.member_id = friend.id
          AND EXISTS (
              SELECT FROM purchase_lines AS paid
              WHERE paid.purchase_id = purchases.id
                AND paid.statement_no = purchases.statement_no AND paid.amount > 0
          )
        ORDER BY ordered_at, shop_id, order_id
        LIMIT 1
    ) AS earliest ON true
    WHERE (friend.referrer_id IS NOT NULL OR reward.id IS NOT NULL)
      AND CASE
          WHEN reward.id IS NULL THEN NOT friend.returned AND earliest.id IS NOT NULL
          WHEN reward.inviter_id IS DISTINCT FROM friend.referrer_id OR friend.returned THEN true
          WHEN reward.decision = 'refuse' THEN reward.state <> 'rejected'
          WHEN earliest.id IS NULL THEN reward.state <> 'none'
          WHEN earliest.status = 'rejected' THEN reward.state <> 'rejected'
          WHEN reward.state = 'rejected'
               THEN inviter.closed_at IS NULL OR earliest.ordered_at < inviter.closed_at
          WHEN reward.state = 'none' OR carrier.member_id IS DISTINCT FROM friend.id THEN true
          WHEN reward.state = 'confirmed' THEN carrier.status <> 'confirmed'
          WHEN carrier.id <> earliest.id OR reward.carried_at <> carrier.ordered_at THEN true
          WHEN reward.state = 'review'
               THEN carrier.status <> 'confirmed' OR reward.suspicions IS NULL
          WHEN reward.state = 'pending' THEN carrier.status = 'confirmed'
          ELSE false
      END
    ORDER BY friend.id
""")
