"""Months, put together for people; and their documents as files that are as they were sealed."""

import hashlib
import tempfile
from contextlib import ExitStack
from typing import IO, Any

from sqlalchemy.orm import Session

from tracker.periods.books import DOCUMENTS
from tracker.periods.documents import pieces
from tracker.periods.queries import Month, months
from tracker.periods.rules import DocumentDiffers, PeriodNotFound, check_period
from tracker.periods.service import document


def shown(month: Month) -> dict[str, Any]:
    """A month as it stands."""
    closed = month.closed
    return {
        "period": month.period,
        "state": "closed" if closed else "open",
        "transactions": month.transactions,
        "closed_at": closed.closed_at if closed else None,
        "proposed_by": closed.proposed_by if closed else None,
        "approved_by": closed.approved_by if closed else None,
        "check": month.check,
        "documents": month.documents,
    }


def one_of(session: Session, period: str) -> dict[str, Any]:
    """A month as it stands. Raises PeriodInvalid and PeriodNotFound."""
    check_period(period)
    (month,) = months(session, [period])
    if not month.transactions and month.closed is None:
        raise PeriodNotFound(f"there are no books of {period}")
    return shown(month)


def written(session: Session, period: str, name: str) -> IO[bytes]:
    """A file on disk, made anew, with the very bytes that were sealed; to be read from its start.

    Raises PeriodInvalid, DocumentNotFound and DocumentDiffers.
    """
    kept = document(session, period, name)
    digest = hashlib.sha256()
    with ExitStack() as if_it_fails:
        file = if_it_fails.enter_context(tempfile.TemporaryFile())
        for piece in pieces(DOCUMENTS[name](session, period)):
            digest.update(piece)
            file.write(piece)
        if digest.digest() != kept.sha256:
            raise DocumentDiffers(f"{name} of {period} was sealed as {kept.sha256.hex()}")
        file.seek(0)
        if_it_fails.pop_all()
    return file
