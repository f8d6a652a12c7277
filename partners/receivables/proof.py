"""What shops owe, proved: invoices are what the ledger says, payments stand in it, and what is
matched does not exceed either."""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.kit.money import format_rubles
from tracker.ledger.rules import Difference


def prove(session: Session) -> Iterator[Difference]:
    """Invoices beside the entries of their months, numbers without gaps, payments beside their
    postings in both directions, matched sums within theirs."""
    for row in session.execute(_INVOICES):
        yield Difference(
            f"invoice {row.number}", format_rubles(int(row.expected)), format_rubles(int(row.found))
        )
    for row in session.execute(_LINES):
        yield Difference(f"lines of invoice {row.number}", row.expected.hex(), row.found.hex())
    for row in session.execute(_GAPS):
        yield Difference(f"invoices of {row.year}", f"{row.last} numbers", str(row.found))
    for row in session.execute(_PAYMENTS):
        yield Difference(
            f"payment {row.reference}", str(row.expected or "none"), str(row.found or "none")
        )
    for row in session.execute(_TOO_MUCH):
        yield Difference(f"matched with {row.what}", f"{row.most} or less", str(row.found))
    for row in session.execute(_OTHERS):
        yield Difference(f"shop_receivable moved by {row.kind}", "never", f"{row.found} entries")


_INVOICES = text("""
    WITH moved AS (
        SELECT owner_id AS shop_id, written.period, sum(amount) AS amount
        FROM ledger_entries JOIN ledger_transactions AS written ON written.id = transaction_id
        WHERE account = 'shop_receivable' AND written.kind IN ('confirmed', 'clawed_back')
        GROUP BY 1, 2
    ), issued AS (
        SELECT moved.shop_id, moved.period, moved.amount FROM moved
        JOIN invoice_runs AS run ON run.period = moved.period AND run.finished_at IS NOT NULL
        WHERE moved.amount <> 0
    )
    SELECT coalesce(number, 'of shop ' || issued.shop_id || ', ' || issued.period) AS number,
           coalesce(issued.amount, 0) AS expected, coalesce(invoices.amount, 0) AS found
    FROM issued FULL JOIN invoices USING (shop_id, period)
    WHERE coalesce(issued.amount, 0) <> coalesce(invoices.amount, 0)
    ORDER BY 1
""")

_LINES = text("""
    WITH written AS (
        SELECT owner_id AS shop_id, moved.period,
               sha256(convert_to(
                   string_agg(reference || ' ' || amount, E'\\n' ORDER BY moved.id), 'UTF8'
               )) AS sha256
        FROM ledger_entries JOIN ledger_transactions AS moved ON moved.id = transaction_id
        WHERE account = 'shop_receivable' AND moved.kind IN ('confirmed', 'clawed_back')
        GROUP BY 1, 2
    )
    SELECT number, invoices.sha256 AS expected, written.sha256 AS found
    FROM invoices JOIN written USING (shop_id, period)
    WHERE invoices.sha256 <> written.sha256 ORDER BY number
""")

_GAPS = text("""
    SELECT year, last, count(invoices.id) AS found
    FROM invoice_counters
    LEFT JOIN invoices ON left(number, 4)::integer = year
    GROUP BY year, last
    HAVING last <> count(invoices.id)
        OR last <> coalesce(max(substr(number, 6)::integer), 0)
    ORDER BY year
""")

_PAYMENTS = text(r"""
    WITH expected AS (
        SELECT 'shop-payment:' || id || ':' ||
                   CASE kind WHEN 'payment' THEN 'shop_paid' ELSE 'receivable_written_off' END
               AS reference, shop_id, -amount AS amount
        FROM shop_payments WHERE shop_id IS NOT NULL
        UNION ALL
        SELECT 'shop-payment:' || id || '\:reversed', shop_id, amount
        FROM shop_payments WHERE shop_id IS NOT NULL AND reversed_at IS NOT NULL
    ), found AS (
        SELECT reference, owner_id AS shop_id, amount
        FROM ledger_transactions JOIN ledger_entries ON transaction_id = id
        WHERE account = 'shop_receivable'
          AND kind IN ('shop_paid', 'shop_payment_reversed', 'receivable_written_off')
    )
    SELECT reference, expected.amount AS expected, found.amount AS found
    FROM expected FULL JOIN found USING (reference)
    WHERE (expected.shop_id, expected.amount) IS DISTINCT FROM (found.shop_id, found.amount)
    ORDER BY reference
""")

_TOO_MUCH = text("""
    WITH live AS (SELECT * FROM payment_allocations WHERE undone_at IS NULL)
    SELECT 'payment ' || paid.id AS what, CASE WHEN reversed_at IS NULL THEN paid.amount ELSE 0 END
               AS most, sum(live.amount) AS found
    FROM live JOIN shop_payments AS paid ON paid.id = payment_id
    GROUP BY paid.id
    HAVING sum(live.amount) > CASE WHEN reversed_at IS NULL THEN paid.amount ELSE 0 END
    UNION ALL
    SELECT 'credit note ' || number, -note.amount, sum(live.amount)
    FROM live JOIN invoices AS note ON note.id = credit_note_id
    GROUP BY note.id HAVING sum(live.amount) > -note.amount
    UNION ALL
    SELECT 'invoice ' || number, greatest(invoices.amount, 0), sum(live.amount)
    FROM live JOIN invoices ON invoices.id = invoice_id
    GROUP BY invoices.id HAVING sum(live.amount) > greatest(invoices.amount, 0)
    UNION ALL
    SELECT 'invoice ' || invoices.number || ', another shop', 0, live.amount
    FROM live JOIN invoices ON invoices.id = invoice_id
    LEFT JOIN shop_payments AS paid ON paid.id = payment_id
    LEFT JOIN invoices AS note ON note.id = credit_note_id
    WHERE invoices.shop_id IS DISTINCT FROM coalesce(paid.shop_id, note.shop_id)
""")

_OTHERS = text("""
    SELECT kind, count(*) AS found
    FROM ledger_entries JOIN ledger_transactions ON id = transaction_id
    WHERE account = 'shop_receivable' AND kind NOT IN (
        'confirmed', 'clawed_back', 'shop_paid', 'shop_payment_reversed', 'receivable_written_off'
    )
    GROUP BY kind
""")
