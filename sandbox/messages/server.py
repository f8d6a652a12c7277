"""Serves the SMS centre and the mailbox from one event loop, until a signal."""

import asyncio
import errno
import signal
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import click

from sandbox.messages.centre import Centre
from sandbox.messages.faults import Script
from sandbox.messages.mailbox import Mailbox
from sandbox.messages.store import Store
from tracker.kit.providers import MailServer, Security, SmsCentre


class PortTaken(Exception):
    """Somebody listens on the port already."""


@dataclass(frozen=True, slots=True)
class Config:
    """Where to listen and whom to let in, as the product's own settings say it."""

    data: Path
    sms: SmsCentre
    mail: MailServer
    script: Script = field(default_factory=Script)
    certificate: Path | None = None
    """PEM with its key, for smpps://, smtps:// and STARTTLS."""


def serve(config: Config) -> None:
    """Serve until SIGINT or SIGTERM; prints ``ready URL URL`` when both take calls.

    Raises PortTaken. Port 0 takes a free one.
    """
    asyncio.run(_serve(config))


async def _serve(config: Config) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    trust = _trust(config.certificate)
    implicit = config.mail.security is Security.TLS
    starttls = trust if config.mail.security is Security.STARTTLS else None
    store = Store(config.data)
    centre = Centre(config.sms, store, config.script)
    mailbox = Mailbox(config.mail, store, config.script)
    loop = asyncio.get_running_loop()
    sms = await _listening(
        config.sms.port,
        lambda port: asyncio.start_server(
            centre.attend, config.sms.host, port, ssl=trust if config.sms.tls else None
        ),
    )
    mail = await _listening(
        config.mail.port,
        lambda port: loop.create_server(
            lambda: mailbox.conversation(starttls),
            config.mail.host,
            port,
            ssl=trust if implicit else None,
        ),
    )
    click.echo(
        f"ready {'smpps' if config.sms.tls else 'smpp'}://{config.sms.host}:{_port(sms)}"
        f" {'smtps' if implicit else 'smtp'}://{config.mail.host}:{_port(mail)}"
    )
    await stopped.wait()
    sms.close()
    mail.close()
    store.close()


async def _listening(
    port: int, listen: Callable[[int], Awaitable[asyncio.Server]]
) -> asyncio.Server:
    try:
        return await listen(port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(f"port {port} is taken") from error
        raise


def _port(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port


def _trust(certificate: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trust.load_cert_chain(certificate)
    return trust
