"""One connection to a mail server: letters handed over, every wait bounded."""

import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self

from tracker.kit.providers import MailServer, Security
from tracker.notifications.ports import Outcome, Reason, Receipt

_GO_ON, _LEAVING, _LOG_IN_FIRST = 354, 421, 530
_OURS = "tracker"
"""What we call ourselves: the server knows our address anyway, and a look-up may hang."""


@dataclass(frozen=True, slots=True)
class Written:
    """A letter ready to be sent; ``name`` is its Message-ID."""

    key: str
    address: str
    name: str
    octets: bytes


class SessionLost(Exception):
    """The connection is of no more use; ``reason`` as for a Receipt."""

    def __init__(self, reason: str) -> None:
        self.reason = str(reason)
        super().__init__(self.reason)


class _Noted:
    """Makes itself known before it connects, so that its connecting can be cut short as well."""

    def __init__(self, note: Callable[[Any], None], *args: Any, **options: Any) -> None:
        note(self)
        super().__init__(*args, **options)


class _Client(_Noted, smtplib.SMTP):
    """Of plain connections, and those that STARTTLS makes secret."""


class _TlsClient(_Noted, smtplib.SMTP_SSL):
    """Of connections that are secret from the first byte on."""


class Session:
    """A connection on which letters are sent, one after another.

    smtplib's time-outs begin anew with every byte: a timer cuts the connection when all is over.
    """

    def __init__(self, server: MailServer, trust: ssl.SSLContext | None, until: float) -> None:
        self._server = server
        self._trust = trust
        self._until = until
        self._smtp: smtplib.SMTP | None = None
        self._timer = threading.Timer(max(0.0, until - time.monotonic()), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        try:
            with self._losing(Reason.NOT_CONNECTED):
                smtp = self._connected()
            with self._losing(Reason.CONNECTION_LOST):
                self._introduced(smtp)
        except SessionLost:
            self._leave()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._smtp is not None:
            with suppress(OSError):
                self._smtp.putcmd("quit")  # its answer is of no interest
        self._leave()

    def send(self, one: Written, sender: str) -> Receipt:
        """What became of a letter. Raises SessionLost when the connection broke before it could
        have been taken."""
        smtp = self._in_use()
        with self._losing(Reason.CONNECTION_LOST):
            refusal = self._envelope(smtp, one, sender)
            if refusal is None:
                smtp.send(one.octets)
        if refusal is not None:
            return refusal
        try:
            smtp.send(b"" if one.octets.endswith(b"\r\n") else b"\r\n")
            smtp.send(b".\r\n")
            code, _ = smtp.getreply()
        except OSError:
            self._leave()
            reason = self._when(Reason.CONNECTION_LOST)
            return Receipt(one.key, Outcome.UNKNOWN, reason=reason)
        if _is_fine(code):
            return Receipt(one.key, Outcome.ACCEPTED, reference=one.name)
        if not _is_error(code):
            self._leave()
            return Receipt(one.key, Outcome.UNKNOWN, reason=Reason.GARBAGE)
        return _refused(one, code)

    def _envelope(self, smtp: smtplib.SMTP, one: Written, sender: str) -> Receipt | None:
        """Up to where the text may go; else why not. Raises as smtplib does."""
        code, _ = smtp.docmd("MAIL", f"FROM:<{sender}>")
        if not _is_fine(code):  # that is about us, not about this letter
            raise SessionLost(_reason(code))
        code, _ = smtp.docmd("RCPT", f"TO:<{one.address}>")
        if _is_fine(code):
            code, _ = smtp.docmd("DATA")
            if code == _GO_ON:
                return None
        if code in (_LEAVING, _LOG_IN_FIRST) or not _is_error(code):
            raise SessionLost(_reason(code))
        with suppress(OSError):  # the next letter will notice
            smtp.docmd("RSET")
        return _refused(one, code)

    def _connected(self) -> smtplib.SMTP:
        server, left = self._server, max(0.001, self._until - time.monotonic())
        if server.security is Security.TLS:
            return _TlsClient(
                self._note, server.host, server.port, _OURS, timeout=left, context=self._trust
            )
        return _Client(self._note, server.host, server.port, _OURS, timeout=left)

    def _note(self, smtp: Any) -> None:
        self._smtp = smtp

    def _introduced(self, smtp: smtplib.SMTP) -> None:
        """Greeting, STARTTLS and login, as the settings want them."""
        if smtp.sock is not None:  # or each letter's last line would wait for 40 ms
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        smtp.ehlo_or_helo_if_needed()
        if self._server.security is Security.STARTTLS:
            smtp.starttls(context=self._trust)
            smtp.ehlo()
        if self._server.user:
            smtp.login(self._server.user, self._server.password)

    @contextmanager
    def _losing(self, reason: Reason) -> Iterator[None]:
        """Whatever goes wrong loses the session; ``reason`` when the network does not say more."""
        try:
            yield
        except smtplib.SMTPAuthenticationError as error:
            raise SessionLost(Reason.NOT_LET_IN) from error
        except smtplib.SMTPResponseException as error:
            raise SessionLost(_reason(error.smtp_code)) from error
        except smtplib.SMTPServerDisconnected as error:
            raise SessionLost(self._when(reason)) from error
        except (smtplib.SMTPException, ssl.SSLCertVerificationError) as error:
            raise SessionLost(Reason.NOT_LET_IN) from error
        except OSError as error:
            raise SessionLost(self._when(reason)) from error

    def _when(self, reason: Reason) -> Reason:
        """The reason for a break: the time was over, or else ``reason``."""
        return Reason.TIMEOUT if time.monotonic() >= self._until - 0.05 else reason

    def _in_use(self) -> smtplib.SMTP:
        if self._smtp is None:
            raise SessionLost(Reason.CONNECTION_LOST)
        return self._smtp

    def _cut(self) -> None:
        smtp = self._smtp
        sock = smtp.sock if smtp is not None else None
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _leave(self) -> None:
        self._timer.cancel()
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None


def _is_fine(code: int) -> bool:
    return 200 <= code <= 299


def _is_error(code: int) -> bool:
    return 400 <= code <= 599


def _reason(code: int) -> str:
    return f"smtp_{code}" if _is_error(code) else Reason.GARBAGE


def _refused(one: Written, code: int) -> Receipt:
    """4xx is for now, 5xx for good."""
    outcome = Outcome.TEMPORARY if code < 500 else Outcome.REFUSED
    return Receipt(one.key, outcome, reason=_reason(code))
