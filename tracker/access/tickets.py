"""What a flow remembers between its steps: sealed, and carried by whoever goes through it.

Nothing is kept for strangers who only ask. What may be done once is guarded elsewhere: by its code,
or by the state of what it changes.
"""

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tracker.kit.crypto import CannotDecrypt, Keyring
from tracker.kit.errors import Conflict

MAX_TICKET = 2_048
"""Characters of a ticket as it is sent."""

Value = str | int | None


class TicketNotAccepted(Conflict):
    """This was begun too long ago, elsewhere, or not at all: begin again."""

    code = "begin_again"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a flow remembers."""

    id: str
    """Names the flow: its codes are bound to it."""
    values: Mapping[str, Value]
    expires_at: datetime

    def text(self, name: str) -> str:
        """A value that every ticket of its purpose has."""
        return str(self.values[name])

    def number(self, name: str) -> int:
        """The same of a number."""
        return int(self.values[name] or 0)


def new_ticket(values: Mapping[str, Value], now: datetime, lasts: timedelta) -> Ticket:
    """A flow begins."""
    expires_at = datetime.fromtimestamp(int((now + lasts).timestamp()), UTC)
    return Ticket(secrets.token_urlsafe(16), dict(values), expires_at)


def seal_ticket(keys: Keyring, purpose: str, ticket: Ticket) -> str:
    """A ticket as it is handed out: nobody but us can read or make one."""
    said = [ticket.id, int(ticket.expires_at.timestamp()), dict(ticket.values)]
    sealed = keys.seal(_of(purpose), json.dumps(said).encode())
    return base64.urlsafe_b64encode(sealed).decode()


def open_ticket(keys: Keyring, purpose: str, text: str, now: datetime) -> Ticket:
    """A ticket that was handed out for this purpose. Raises TicketNotAccepted."""
    try:
        sealed = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        name, expires, values = json.loads(keys.open(_of(purpose), sealed))
    except (ValueError, binascii.Error, CannotDecrypt):
        raise TicketNotAccepted from None
    expires_at = datetime.fromtimestamp(expires, UTC)
    if expires_at <= now:
        raise TicketNotAccepted
    return Ticket(name, values, expires_at)


def _of(purpose: str) -> str:
    return f"ticket: {purpose}"
