"""Cashback that was taken back when it was on somebody's phone already."""

from sqlalchemy.orm import Session

from tracker.reports.books.cuts import SHOP, SPANS, cut_of, opening, within
from tracker.reports.contracts import Asked, Column, Lines, Of, Question, Report


def _lines(_: Session, asked: Asked) -> Lines:
    cut = cut_of(asked)
    shop = {} if asked.shop is None else {"shop": asked.shop}
    only = "" if asked.shop is None else "AND shop_id = :shop"
    given = {**cut.values, **opening(asked), **shop}
    select = _RETURNS.format(cut=cut.condition, within=within(asked), only=only)
    return Lines(select, given)


RETURNS = Report(
    name="returns-after-payment",
    about="What was taken back from members whom the operator had paid since it was confirmed",
    columns=(
        Column("reference", Of.TEXT, "Of the posting that took it back"),
        SHOP,
        Column("member", Of.NUMBER, "From whom"),
        Column("amount", Of.KOPECKS, "What was taken back"),
        Column("confirmed", Of.DAY, "When it was confirmed"),
        Column("paid", Of.DAY, "When the member was first paid after that was known"),
        Column("returned", Of.DAY, "When the return counts"),
        Column("known", Of.MOMENT, "When we knew of it"),
    ),
    takes=SPANS | {Question.SHOP},
    lines=_lines,
    totals=("amount",),
)

# Whether money had left us goes by the order in which we knew, whatever moments a shop gives:
# postings of one member are numbered in that order.
_RETURNS = """
    WITH taken AS (
        SELECT moved.id, reference, kind, owner_id AS member_id, amount, corrects, effective_at,
               recorded_at,
               CASE WHEN kind = 'clawed_back'
                    THEN CAST(split_part(reference, ':', 2) AS bigint) END AS purchase_id
        FROM ledger_transactions AS moved JOIN ledger_entries ON transaction_id = moved.id
        WHERE kind IN ('adjustment_debit', 'bonus_clawed_back', 'clawed_back',
                       'reward_clawed_back')
          AND kind <> 'adjustment_debit' AND account = 'member_available'
          AND {cut} AND {within}
    ), paid AS (
        SELECT taken.*, confirmed.effective_at AS confirmed_at, (
            SELECT min(effective_at) FROM ledger_entries AS left_us
            JOIN ledger_transactions AS moved ON moved.id = left_us.transaction_id
            CROSS JOIN LATERAL (
                SELECT id AS sent_id FROM ledger_transactions AS sent
                WHERE sent.reference = replace(moved.reference, 'payout_paid', 'payout_submitted')
            ) AS sent
            WHERE left_us.account = 'member_in_flight' AND left_us.owner_id = taken.member_id
              AND moved.kind = 'payout_paid' AND {cut}
              AND sent_id BETWEEN confirmed.id AND taken.id
        ) AS paid_at
        FROM taken JOIN ledger_transactions AS confirmed ON confirmed.reference = taken.corrects
    )
    SELECT reference, shop_id AS shop, paid.member_id AS member, amount,
           CAST(confirmed_at AT TIME ZONE 'Europe/Moscow' AS date) AS confirmed,
           CAST(paid_at AT TIME ZONE 'Europe/Moscow' AS date) AS paid,
           CAST(effective_at AT TIME ZONE 'Europe/Moscow' AS date) AS returned,
           recorded_at AS known
    FROM paid LEFT JOIN purchases ON purchases.id = purchase_id
    WHERE paid_at IS NOT NULL {only}
    ORDER BY paid.id
"""
