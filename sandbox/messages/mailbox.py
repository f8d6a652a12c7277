"""The mail server: aiosmtpd receives, every letter goes to the box of each of its recipients."""

import asyncio
import hmac
import itertools
import ssl
from asyncio import Transport
from email import message_from_bytes
from email.policy import default
from typing import Any
from weakref import WeakKeyDictionary

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sandbox.messages.faults import Action, On, Rule, Script
from sandbox.messages.store import Delivered, Store, now
from tracker.kit.providers import MailServer

_FOR_EVER = 3600.0
_KEPT = "250 Message accepted for delivery"


class Mailbox:
    """What aiosmtpd asks while it receives letters, for all connections."""

    def __init__(self, who: MailServer, store: Store, script: Script) -> None:
        self._who = who
        self._store = store
        self._script = script
        self._asked = itertools.count(1)
        self._rules: WeakKeyDictionary[Envelope, Rule] = WeakKeyDictionary()

    def conversation(self, trust: ssl.SSLContext | None) -> SMTP:
        """A new connection's protocol; with a certificate it offers STARTTLS and insists on it."""
        locked = bool(self._who.user)
        return SMTP(
            self,
            hostname="sandbox",
            ident="sandbox",
            tls_context=trust,
            require_starttls=trust is not None,
            authenticator=self._authenticate if locked else None,
            auth_required=locked,
            auth_require_tls=trust is not None,
            loop=asyncio.get_running_loop(),
        )

    async def handle_RCPT(  # noqa: N802
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        """Which rule befalls the letter is settled by its first recipient."""
        rule = self._script.judge(On.MAIL, next(self._asked), address)
        if rule is not None and rule.action is Action.REFUSE:
            return f"{rule.status or 550} No such mailbox here"
        if rule is not None and rule.action is Action.THROTTLE:
            return "451 Slow down"
        envelope.rcpt_tos.append(address)
        if rule is not None:
            self._rules.setdefault(envelope, rule)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, _: Session, envelope: Envelope
    ) -> str:
        """Deliver, and say so if nothing hinders it."""
        rule = self._rules.get(envelope)
        action = rule.action if rule else None
        if rule is not None and action is Action.SLOW:
            await asyncio.sleep(rule.seconds)
        if action is Action.DROP_BEFORE_ACTING:
            return _cut(server)
        if action is Action.TIMEOUT_BEFORE_ACTING:
            await asyncio.sleep(_FOR_EVER)
        self._keep(envelope)
        if action is Action.DROP_AFTER_ACTING:
            return _cut(server)
        if action is Action.TIMEOUT_AFTER_ACTING:
            await asyncio.sleep(_FOR_EVER)
        return "what a lovely day" if action is Action.GARBAGE else _KEPT

    def _keep(self, envelope: Envelope) -> None:
        content = envelope.content or b""
        octets = content.encode() if isinstance(content, str) else content
        letter = message_from_bytes(octets, policy=default)
        plain = letter.get_body(("plain",))
        text = plain.get_content() if plain is not None else ""
        for recipient in envelope.rcpt_tos:
            self._store.keep(
                Delivered(
                    "mail",
                    now(),
                    recipient,
                    envelope.mail_from or "",
                    str(letter["Subject"] or ""),
                    text.replace("\r\n", "\n"),
                    str(letter["Message-ID"] or ""),
                )
            )

    def _authenticate(
        self, _: SMTP, __: Session, ___: Envelope, ____: str, told: Any
    ) -> AuthResult:
        known = (
            isinstance(told, LoginPassword)
            and hmac.compare_digest(told.login, self._who.user.encode())
            and hmac.compare_digest(told.password, self._who.password.encode())
        )
        return AuthResult(success=known, handled=False)


def _cut(server: SMTP) -> str:
    if isinstance(server.transport, Transport):
        server.transport.abort()
    return "421 gone"
