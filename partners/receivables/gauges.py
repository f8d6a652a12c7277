"""What monitoring is told of partners' money."""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.orm import Session


def gauges(session: Session) -> Mapping[str, float]:
    """Months to be invoiced, what is open of invoices, payments of nobody, what is lent."""
    return {name: int(value) for name, value in session.execute(_GAUGES).one()._mapping.items()}


_GAUGES = text("""
    SELECT (SELECT count(*) FROM invoice_runs WHERE finished_at IS NULL) AS invoices_waiting,
           coalesce((SELECT sum(amount) FROM invoices WHERE kind = 'invoice'), 0)
               - coalesce((SELECT sum(amount) FROM payment_allocations WHERE undone_at IS NULL), 0)
               AS invoices_open_kopecks,
           (SELECT count(*) FROM shop_payments
            WHERE shop_id IS NULL AND reversed_at IS NULL) AS shop_payments_unassigned,
           coalesce((SELECT sum(funded) FROM shop_funding
                     WHERE day = (SELECT max(day) FROM funding_days)), 0) AS shops_funded_kopecks
""")
