"""From last month's list to this one's, and what became of it."""

from typing import Any

from sqlalchemy.orm import Session

from tracker.reports.contracts import Asked, Column, Lines, Of, Question, Report
from tracker.settlement.lists.steps import ORDER


def _lines(_: Session, asked: Asked) -> Lines:
    given: dict[str, Any] = {
        "as_of": asked.as_of,
        "known_at": asked.known_at,
        "period": asked.period,
        "steps": list(ORDER),
    }
    return Lines(_BRIDGE, given)


PAYOUT_BRIDGE = Report(
    name="payout-bridge",
    about="Each month's list: how it came from the last one, and what became of it",
    columns=(
        Column("period", Of.WORD, "The month on whose 1st it is paid"),
        Column(
            "part",
            Of.WORD,
            "moved: to what is available; list: from there to the list's"
            " total; became: what of the total",
        ),
        Column("step", Of.WORD, "As in docs/operations.md; a kind of the ledger where money moved"),
        Column("count", Of.COUNT, "Bookings of what moved, payouts of the list, else members"),
        Column("amount", Of.KOPECKS, "Below zero where it makes the list smaller"),
    ),
    takes=frozenset({Question.AS_OF, Question.KNOWN_AT, Question.PERIOD}),
    lines=_lines,
    period_picks=True,
)

# What was sent and did not come back is with the operator, or was paid.
_BRIDGE = """
    WITH runs AS (
        SELECT period, payouts, total FROM settlement_runs
        WHERE as_of <= :as_of
          AND prepared_at <= coalesce(CAST(:known_at AS timestamptz), 'infinity')
          AND period = coalesce(CAST(:period AS text), period)
    ), ended AS (
        SELECT runs.period, moved.kind, count(*) AS count, sum(payouts.amount) AS amount
        FROM runs JOIN payouts ON payouts.period = runs.period
        CROSS JOIN (VALUES ('payout_submitted'), ('payout_paid'), ('payout_failed'))
             AS ends (kind)
        JOIN ledger_transactions AS moved
             ON moved.reference = 'payout:' || payouts.id || ':' || ends.kind
        WHERE moved.effective_at <= :as_of
          AND moved.recorded_at <= coalesce(CAST(:known_at AS timestamptz), 'infinity')
        GROUP BY runs.period, moved.kind
    ), became AS (
        SELECT runs.period, said.place, said.step, said.count, said.amount
        FROM runs
        LEFT JOIN ended AS sent ON sent.period = runs.period AND sent.kind = 'payout_submitted'
        LEFT JOIN ended AS paid ON paid.period = runs.period AND paid.kind = 'payout_paid'
        LEFT JOIN ended AS failed ON failed.period = runs.period AND failed.kind = 'payout_failed'
        CROSS JOIN LATERAL (SELECT coalesce(sent.count, 0), coalesce(sent.amount, 0),
                                   coalesce(paid.count, 0), coalesce(paid.amount, 0),
                                   coalesce(failed.count, 0), coalesce(failed.amount, 0))
             AS told (sent, sent_sum, paid, paid_sum, failed, failed_sum)
        CROSS JOIN LATERAL (VALUES
            (1, 'paid', told.paid, told.paid_sum),
            (2, 'failed', told.failed, told.failed_sum),
            (3, 'with_the_operator', told.sent - told.paid - told.failed,
             told.sent_sum - told.paid_sum - told.failed_sum),
            (4, 'not_sent', runs.payouts - told.sent, runs.total - told.sent_sum)
        ) AS said (place, step, count, amount)
    ), drawn AS (
        SELECT lines.period, lines.step, lines.count, lines.amount,
               array_position(CAST(:steps AS text[]), lines.step) AS place,
               array_position(CAST(:steps AS text[]), 'available_now') AS turn
        FROM runs JOIN settlement_bridge_lines AS lines ON lines.period = runs.period
    )
    SELECT period, (ARRAY['moved', 'list', 'became'])[part] AS part, step, count, amount
    FROM (
        SELECT period, CASE WHEN place <= turn THEN 1 ELSE 2 END AS part, place, step, count,
               amount
        FROM drawn
        UNION ALL
        SELECT period, 3, place, step, count, amount FROM became
    ) AS parts
    ORDER BY period, part, place
"""
