"""Members of whom something looks odd: signs on their purchases, rewards that are held."""

from typing import Any

from sqlalchemy.orm import Session

from tracker.reports.contracts import Asked, Column, Lines, Of, Question, Report


def _lines(_: Session, asked: Asked) -> Lines:
    given: dict[str, Any] = {"as_of": asked.as_of, "known_at": asked.known_at}
    return Lines(_SUSPECTS, given)


SUSPECTS = Report(
    name="suspicious-members",
    about="Members of whom something looks odd, those with most to be looked at first",
    columns=(
        Column("member", Of.NUMBER, "Who"),
        Column("signs", Of.TEXT, "What looks odd of purchases or of friends"),
        Column("flagged", Of.COUNT, "Purchases on which a sign was seen"),
        Column("unseen", Of.COUNT, "Of these, that nobody had looked at"),
        Column("held_rewards", Of.COUNT, "Rewards with a suspicion of which nothing is decided"),
        Column("held", Of.KOPECKS, "What these come to"),
        Column("purchases", Of.COUNT, "All of the member's"),
        Column("returned", Of.COUNT, "Of these, of which something came back"),
        Column("return_rate", Of.PERCENT, "The latter of the former"),
        Column("cashback", Of.KOPECKS, "Pending and confirmed of purchases, as it stands now"),
    ),
    takes=frozenset({Question.AS_OF, Question.KNOWN_AT}),
    lines=_lines,
    totals=("flagged", "unseen", "held_rewards", "held"),
)

_SUSPECTS = """
    WITH known AS (
        SELECT coalesce(CAST(:known_at AS timestamptz), 'infinity') AS until
    ), signs AS (
        SELECT member_id, flag AS sign, purchase_id, NULL AS reward_id, 0 AS amount,
               reviewed_at IS NULL OR reviewed_at > until AS is_unseen
        FROM known
        CROSS JOIN purchase_flags AS flags JOIN purchases ON purchases.id = purchase_id
        WHERE member_id IS NOT NULL AND noted_at <= until
          AND (ordered_at IS NULL OR ordered_at <= :as_of)
        UNION ALL
        SELECT inviter_id, unnest(string_to_array(suspicions, ',')), NULL, id, amount, FALSE
        FROM referral_rewards
        WHERE suspicions <> '' AND carried_at <= :as_of
    ), odd AS (
        SELECT member_id, string_agg(DISTINCT sign, ', ' ORDER BY sign) AS signs,
               count(DISTINCT purchase_id) AS flagged,
               count(DISTINCT purchase_id) FILTER (WHERE is_unseen) AS unseen
        FROM signs GROUP BY member_id
    ), held AS (
        SELECT inviter_id, count(*) AS rewards, sum(amount) AS amount
        FROM referral_rewards
        WHERE suspicions <> '' AND state IN ('pending', 'review') AND carried_at <= :as_of
        GROUP BY inviter_id
    )
    SELECT odd.member_id AS member, signs, flagged, unseen,
           coalesce(held.rewards, 0) AS held_rewards, coalesce(held.amount, 0) AS held,
           bought.purchases, bought.returned,
           bought.returned * 10000 / nullif(bought.purchases, 0) AS return_rate, bought.cashback
    FROM odd LEFT JOIN held ON held.inviter_id = odd.member_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS purchases,
               count(*) FILTER (WHERE EXISTS (
                   SELECT FROM purchase_returns AS back, known
                   WHERE back.purchase_id = purchases.id AND back.recorded_at <= until
                     AND back.returned_at <= :as_of)) AS returned,
               coalesce(sum(pending_cashback + confirmed_cashback), 0) AS cashback
        FROM purchases
        WHERE member_id = odd.member_id AND ordered_at <= :as_of
    ) AS bought
    ORDER BY unseen DESC, flagged DESC, odd.member_id
"""
