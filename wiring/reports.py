"""All reports, whichever room defines them."""

import partners.shops.names
import partners.shops.service
from partners.receivables.reports import FUNDING, INVOICE_LINES, INVOICES, RECEIVABLES
from tracker.reports.books.aging import AGING
from tracker.reports.books.certificates import CERTIFICATES
from tracker.reports.books.journal import JOURNAL
from tracker.reports.books.liability import LIABILITY
from tracker.reports.books.payout_bridge import PAYOUT_BRIDGE
from tracker.reports.books.promotions import PROMOTIONS
from tracker.reports.books.returns import RETURNS
from tracker.reports.books.suspects import SUSPECTS
from tracker.reports.books.top_shops import TOP_SHOPS
from tracker.reports.books.trial_balance import TRIAL_BALANCE
from tracker.reports.contracts import Reports, by_name
from tracker.reports.reading import Shops

REPORTS: Reports = by_name(
    (
        LIABILITY,
        AGING,
        PAYOUT_BRIDGE,
        CERTIFICATES,
        RETURNS,
        PROMOTIONS,
        TOP_SHOPS,
        SUSPECTS,
        TRIAL_BALANCE,
        JOURNAL,
        RECEIVABLES,
        INVOICES,
        INVOICE_LINES,
        FUNDING,
    )
)
"""What finance can ask for, by name."""

SHOPS = Shops(partners.shops.names.every_slug, partners.shops.service.ids_by_slug)
