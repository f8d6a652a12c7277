"""The members of a replay: one for each customer of the file."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.replay.rows import Row

_BEFORE_THE_FIRST_INVOICE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Member:
    """A line of the members file."""

    phone: str
    joined_at: datetime


def phone_of(customer: str) -> str:
    """The made-up number of a customer: a prefix that is nobody's, and the customer's id."""
    return f"+7900{customer.zfill(7)}"


def members_in(rows: Iterable[Row]) -> list[Member]:
    """Everyone with an id, in order of appearance; all joined a day before the first invoice."""
    known = list(rows)
    customers = dict.fromkeys(row.customer for row in known if row.customer)
    if not customers:
        return []
    joined_at = min(row.moment for row in known) - _BEFORE_THE_FIRST_INVOICE
    return [Member(phone_of(customer), joined_at) for customer in customers]


def members_csv(members: Iterable[Member]) -> str:
    """The text that ``tracker members import`` reads."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("phone", "joined_at"))
    writer.writerows((member.phone, member.joined_at.isoformat()) for member in members)
    return text.getvalue()
