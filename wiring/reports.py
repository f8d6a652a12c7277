"""All reports, whichever room defines them."""

from tracker.reports.contracts import Reports, by_name

REPORTS: Reports = by_name(())
"""What finance can ask for, by name."""
