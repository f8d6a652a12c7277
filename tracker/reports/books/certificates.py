"""Certificates that were ordered and that no salon had taken."""

from datetime import timedelta

from sqlalchemy.orm import Session

from tracker.kit.clock import moscow_midnight
from tracker.reports.books.cuts import MOMENTS, cut_of, last_day
from tracker.reports.contracts import Asked, Column, Lines, Of, Report


def _lines(_: Session, asked: Asked) -> Lines:
    cut = cut_of(asked)
    day = last_day(asked)
    # The last day of a certificate is known once it is issued.
    until = asked.as_of if asked.period is None else moscow_midnight(day + timedelta(days=1))
    given = {**cut.values, "last_day": day, "until": until, "known_at": asked.known_at}
    return Lines(_OUTSTANDING.format(cut=cut.condition), given)


CERTIFICATES = Report(
    name="certificates",
    about="Certificates that were ordered and neither taken by a salon nor voided",
    columns=(
        Column("certificate", Of.NUMBER, "Its number"),
        Column("member", Of.NUMBER, "Whose it is"),
        Column("amount", Of.KOPECKS, "What a salon would take it for"),
        Column("ordered", Of.DAY, "When it was ordered"),
        Column("age_days", Of.COUNT, "How long ago that is"),
        Column("expires", Of.DAY, "Its last day, if it has one"),
    ),
    takes=MOMENTS,
    lines=_lines,
    totals=("amount",),
)

_OUTSTANDING = """
    WITH outstanding AS (
        SELECT CAST(split_part(reference, ':', 2) AS bigint) AS number, -sum(amount) AS amount,
               CAST(min(effective_at) AT TIME ZONE 'Europe/Moscow' AS date) AS ordered
        FROM ledger_transactions AS moved JOIN ledger_entries ON transaction_id = moved.id
        WHERE account = 'certificates_outstanding' AND {cut}
        GROUP BY 1 HAVING sum(amount) <> 0
    )
    SELECT number AS certificate, member_id AS member, outstanding.amount, ordered,
           CAST(:last_day AS date) - ordered AS age_days,
           CASE WHEN issued_at <= least(CAST(:until AS timestamptz), CAST(:known_at AS timestamptz))
                THEN CAST(expires_at AT TIME ZONE 'Europe/Moscow' AS date) END AS expires
    FROM outstanding LEFT JOIN certificates ON certificates.id = number
    ORDER BY number
"""
