"""A statement's lines against our books, all at once and by PostgreSQL.

What comes of it is a function of the lines, of our books at this moment, and of what staff said of
near matches before; so that matching again finds the same, and a decision stays with its finding.
What was accepted and is not booked yet is asked about anew where this file shows it otherwise.
"""

import json
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from partners.reconciliation.claims import Claim
from partners.reconciliation.formats import check
from partners.reconciliation.pairing import BY_LINES, BY_ORDERS, DIFFERENCES
from tracker.kit.database import try_lock

FEW = 1_000
"""Lines. Of a statement that has just come PostgreSQL's statistics say nothing: it would take a
million for one, and compare each with each."""


def try_shop(session: Session, shop_id: int) -> bool:
    """Have the findings of a shop for oneself until the unit of work ends; False when another
    has."""
    return try_lock(session, f"partner-findings:{shop_id}")


def match(session: Session, held: Claim) -> str:
    """Note every difference; returns what it came to, as JSON. Needs the shop's lock."""
    form = check(held.format)
    given = {
        "id": held.id,
        "shop": held.shop_id,
        "match_no": held.matches + 1,
        "since": held.days.since(form.zone),
        "until": held.days.until(form.zone),
        "zone": form.zone.key,
        "kopecks": form.tolerance.kopecks,
        "basis_points": form.tolerance.basis_points,
    }
    session.execute(_MEMORY)
    if held.lines > FEW:
        session.execute(_NEVER_EACH_WITH_EACH)
    row = session.execute(_KEEP[form.by_lines], given).one()
    superseded = session.scalars(
        _SUPERSEDE, {**given, "first": held.days.first, "last": held.days.last}
    ).all()
    gone = session.execute(_GONE, {**given, "superseded": list(superseded)}).rowcount  # type: ignore[attr-defined]
    gone += row.overtaken
    return json.dumps(_figures(row) | {"gone": gone, "supersedes": list(superseded)})


def _figures(row: Any) -> dict[str, Any]:
    return {
        "theirs": {"orders": row.their_orders, "amount": int(row.their_amount)},
        "ours": {"orders": row.our_orders, "amount": int(row.our_amount)},
        "matched": {
            "by_number": row.by_number,
            "by_likeness": row.by_likeness,
            "by_day_and_sum": row.by_day_and_sum,
            "by_staff": row.by_staff,
        },
        "findings": row.findings or {},
    }


_MEMORY = text("SET LOCAL work_mem = '64MB'")

_NEVER_EACH_WITH_EACH = text("SET LOCAL enable_nestloop = off")

_IS_UNDONE = "known.state IN ('open', 'accepted', 'refused')"

_IS_OTHER = """(known.state = 'accepted' AND (
                known.purchase_id, known.our_amount, known.our_word, known.their_amount,
                known.their_word, known.ordered_at, known.click_id
            ) IS DISTINCT FROM (
                excluded.purchase_id, excluded.our_amount, excluded.our_word,
                excluded.their_amount, excluded.their_word, excluded.ordered_at, excluded.click_id
            ))"""
"""Whether something was decided, and is not so any more."""

_KEEP = {
    by_lines: text(f"""
    {orders} {DIFFERENCES}
    , kept AS (
        INSERT INTO partner_findings AS known (
            shop_id, kind, order_id, figures, statement_id, match_no, line, purchase_id,
            our_order_id, our_amount, their_amount, our_word, their_word, our_commission,
            their_commission, ordered_at, click_id, commission_effect, cashback_effect
        )
        SELECT :shop, kind, order_id, figures, :id, :match_no, line, purchase_id,
               our_order_id, our_amount, their_amount, our_word, their_word, our_commission,
               their_commission, ordered_at, click_id, commission_effect, cashback_effect
        FROM differences
        ORDER BY order_id, kind
        ON CONFLICT (shop_id, kind, order_id, figures) DO UPDATE SET
            statement_id = excluded.statement_id, match_no = excluded.match_no,
            line = excluded.line, purchase_id = excluded.purchase_id,
            our_order_id = excluded.our_order_id, our_amount = excluded.our_amount,
            their_amount = excluded.their_amount, our_word = excluded.our_word,
            their_word = excluded.their_word, our_commission = excluded.our_commission,
            their_commission = excluded.their_commission,
            ordered_at = excluded.ordered_at, click_id = excluded.click_id,
            commission_effect = excluded.commission_effect,
            cashback_effect = excluded.cashback_effect,
            -- What was booked and is found again was undone since: it is asked about anew.
            state = CASE WHEN known.state IN ('gone', 'booked') OR {_IS_OTHER} THEN 'open'
                         ELSE known.state END,
            outcome = CASE WHEN known.state IN ('gone', 'booked') THEN NULL
                           WHEN {_IS_OTHER} THEN 'changed'
                           ELSE known.outcome END,
            ended_at = CASE WHEN known.state IN ('gone', 'booked') THEN NULL
                            ELSE known.ended_at END
        RETURNING kind, state, commission_effect, cashback_effect
    ), summed AS (
        SELECT kind, count(*) AS count, count(*) FILTER (WHERE state = 'open') AS open,
               sum(commission_effect) AS commission, sum(cashback_effect) AS cashback
        FROM kept GROUP BY kind
    ), told_anew AS (
        SELECT known.id
        FROM partner_findings AS known JOIN theirs ON theirs.number = known.order_id
        WHERE known.shop_id = :shop AND known.statement_id < :id AND {_IS_UNDONE}
        UNION
        SELECT known.id
        FROM partner_findings AS known JOIN together USING (purchase_id)
        WHERE known.shop_id = :shop AND known.statement_id < :id AND {_IS_UNDONE}
    ), overtaken AS (
        UPDATE partner_findings AS known SET state = 'gone', ended_at = now()
        WHERE id IN (SELECT id FROM told_anew) AND NOT EXISTS (
            SELECT FROM differences AS found
            WHERE (found.kind, found.order_id, found.figures)
                  = (known.kind, known.order_id, known.figures)
        )
        RETURNING id
    )
    SELECT (SELECT jsonb_object_agg(kind, jsonb_build_object(
                       'count', count, 'open', open, 'commission_effect', commission,
                       'cashback_effect', cashback)) FROM summed) AS findings,
           (SELECT count(*) FROM theirs) AS their_orders,
           (SELECT coalesce(sum(amount), 0) FROM theirs) AS their_amount,
           (SELECT count(*) FROM ours WHERE is_of_the_days) AS our_orders,
           (SELECT coalesce(sum(amount), 0) FROM ours WHERE is_of_the_days) AS our_amount,
           (SELECT count(*) FROM overtaken) AS overtaken,
           (SELECT count(*) FROM by_number WHERE is_told) AS by_number,
           (SELECT count(*) FROM by_staff) AS by_staff,
           (SELECT count(*) FROM by_likeness) AS by_likeness,
           (SELECT count(*) FROM guesses WHERE order_id IS NULL)
           + (SELECT count(*) FROM by_number WHERE NOT is_told) AS by_day_and_sum
    """)  # noqa: S608 (texts of this room put together)
    for by_lines, orders in ((True, BY_LINES), (False, BY_ORDERS))
}

_SUPERSEDE = text("""
    UPDATE shop_statements SET state = 'superseded'
    WHERE shop_id = :shop AND id < :id AND state IN ('read', 'matched')
      AND first_day >= :first AND last_day <= :last
    RETURNING id
""")

_GONE = text("""
    UPDATE partner_findings SET state = 'gone', ended_at = now()
    WHERE shop_id = :shop AND state IN ('open', 'accepted', 'refused')
      AND (statement_id = :id AND match_no < :match_no
           OR statement_id = ANY(CAST(:superseded AS bigint[])))
""")
