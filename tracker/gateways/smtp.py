"""E-mail over SMTP: the port of notifications; only here are its replies seen."""

import hashlib
import re
import ssl
import time
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from unicodedata import category

from email_validator import EmailNotValidError, validate_email

from tracker.gateways.smtp_session import Session, SessionLost, Written
from tracker.kit.providers import MailServer, Security
from tracker.notifications.ports import Letter, Outcome, Reason, Receipt

_POLICY = SMTP.clone(cte_type="7bit", max_line_length=78)
"""Seven bits: every server on the way takes them. Line ends in a header are refused."""
_LINE_BEGINS_WITH_DOT = re.compile(rb"^\.", re.MULTILINE)
_MAX_TEXT = 100_000
_NO_LINE = {"Cc", "Cs", "Zl", "Zp"}
"""Categories that no line of text holds: controls, halves of pairs, separators of lines."""


class SmtpMail:
    """A MailGateway. Safe to make before a fork and to share between threads.

    Each batch has a connection of its own. ``timeout`` (seconds) bounds a batch as a whole: letters
    are handed over in its first half, the last answer is awaited to the end. (Finding the server's
    address is up to the system's resolver.)
    """

    def __init__(self, server: MailServer, timeout: float) -> None:
        self._server = server
        self._seconds = timeout
        secret = server.security is not Security.NONE
        self._trust = ssl.create_default_context() if secret else None
        self._from = Address(server.name, addr_spec=server.sender)

    def send(self, batch: Sequence[Letter]) -> list[Receipt]:
        """One receipt for each letter, in order. Raises ValueError for a key that comes twice."""
        if len({letter.key for letter in batch}) != len(batch):
            raise ValueError("a batch holds each key once")
        written = [self._written(letter) for letter in batch]
        ready = [one for one in written if isinstance(one, Written)]
        sent = iter(self._sent(ready))
        return [next(sent) if isinstance(one, Written) else one for one in written]

    def _sent(self, ready: Sequence[Written]) -> list[Receipt]:
        """One receipt for each. A fault of the connection is told of all that are left."""
        if not ready:
            return []
        receipts: list[Receipt] = []
        begun = time.monotonic()
        fault: str = Reason.NOT_CONNECTED
        try:
            with Session(self._server, self._trust, begun + self._seconds) as session:
                for one in ready:
                    if time.monotonic() >= begun + self._seconds / 2:
                        fault = Reason.NO_TIME_LEFT
                        break
                    receipts.append(session.send(one, self._server.sender))
        except SessionLost as lost:
            fault = lost.reason
        left = ready[len(receipts) :]
        return receipts + [Receipt(one.key, Outcome.TEMPORARY, reason=fault) for one in left]

    def _written(self, letter: Letter) -> Written | Receipt:
        """A letter as octets, or why it cannot be one."""
        try:
            address = validate_email(letter.address, check_deliverability=False).ascii_email
        except EmailNotValidError:
            address = None
        if address is None:
            return Receipt(letter.key, Outcome.REFUSED, reason=Reason.BAD_ADDRESS)
        try:
            octets, name = self._octets(letter, address)
        except ValueError:
            return Receipt(letter.key, Outcome.REFUSED, reason=Reason.BAD_TEXT)
        octets = _LINE_BEGINS_WITH_DOT.sub(b"..", octets)
        return Written(letter.key, address, name, octets)

    def _octets(self, letter: Letter, address: str) -> tuple[bytes, str]:
        """The letter and its Message-ID. Raises ValueError for what cannot be written."""
        if not 0 < len(letter.text) <= _MAX_TEXT or not letter.subject.strip():
            raise ValueError
        if any(category(sign) in _NO_LINE for sign in letter.subject):
            raise ValueError
        name = f"<{hashlib.sha256(letter.key.encode()).hexdigest()[:32]}@{self._from.domain}>"
        message = EmailMessage(_POLICY)
        message["From"] = self._from
        message["To"] = Address(addr_spec=address)
        message["Subject"] = letter.subject
        message["Date"] = formatdate()
        message["Message-ID"] = name
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text, charset="utf-8")
        return message.as_bytes(), name
