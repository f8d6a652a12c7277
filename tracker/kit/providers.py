"""Where messages and top-ups are handed over: one address each, read from one setting each."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.utils import parseaddr
from enum import StrEnum
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_SMPP_USER = 15
_SMPP_PASSWORD = 8
"""Characters that SMPP 3.4 has room for."""
_SOURCE = re.compile(r"\+?[0-9]{1,15}|[A-Za-z0-9 ._-]{1,11}", re.ASCII)
_DEFAULT_WINDOW = 16
_MAX_WINDOW = 200


class Security(StrEnum):
    """How a connection to a mail server is kept secret."""

    STARTTLS = "starttls"
    TLS = "tls"
    """From the first byte on."""
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsCentre:
    """An SMS centre that speaks SMPP 3.4, and who we are to it."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    source: str
    """Whom messages come from: up to 11 letters and digits, a short code, or +number."""
    tls: bool = False
    window: int = _DEFAULT_WINDOW
    """Messages that may be under way without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """A mail server that takes our letters."""

    host: str
    port: int
    user: str
    """Empty: it lets us in without a password."""
    password: str = field(repr=False)
    sender: str
    """The address that letters come from."""
    name: str = ""
    """What stands beside that address."""
    security: Security = Security.STARTTLS


def billing_from(text: str) -> str | Path:
    """Where the operator takes top-ups: an ``http://`` or ``https://`` address, or the folder of
    ``registry:///folder``.

    Raises ValueError.
    """
    try:
        url = urlsplit(text)
        answers = url.hostname and url.port != 0
    except ValueError:
        raise ValueError("not an address") from None
    if url.scheme in ("http", "https") and answers:
        return text
    if url.scheme != "registry":
        raise ValueError("Must begin with http://, https:// or registry:///.")
    folder = Path(unquote(url.path))
    if url.netloc or url.query or url.fragment or "\0" in str(folder) or not folder.is_absolute():
        raise ValueError(
            "registry:/// must be followed by an absolute folder, as in registry:///srv/r"
        )
    return folder


def sms_centre_from(text: str) -> SmsCentre:
    """Read ``smpp://user:password@host:port?source=CLUB[&window=16]``; ``smpps://`` for TLS.

    Raises ValueError, which never tells the password.
    """
    parts, options = _split(text, {"smpp": 2775, "smpps": 3550}, {"source", "window"})
    host, port, user, password = parts
    if not (1 <= len(user) <= _SMPP_USER and len(password) <= _SMPP_PASSWORD):
        raise ValueError(
            f"SMPP has room for a user of 1 to {_SMPP_USER} and a password of up to"
            f" {_SMPP_PASSWORD} characters"
        )
    if not (user + password).isascii():
        raise ValueError("SMPP takes a user and a password of Latin letters, digits and signs")
    source = options.get("source", "")
    if not _SOURCE.fullmatch(source):
        raise ValueError("source= must be up to 11 Latin letters and digits, or a number")
    window = options.get("window", str(_DEFAULT_WINDOW))
    if not (window.isascii() and window.isdecimal() and 1 <= int(window[:9]) <= _MAX_WINDOW):
        raise ValueError(f"window= must be 1 to {_MAX_WINDOW}")
    return SmsCentre(
        host=host,
        port=port,
        user=user,
        password=password,
        source=source,
        tls=text.startswith("smpps:"),
        window=int(window),
    )


def mail_server_from(text: str) -> MailServer:
    """Read ``smtp://[user:password@]host:port?from=club@example.org[&name=Club][&tls=none]``.

    ``smtps://`` is TLS from the first byte on; else STARTTLS is demanded, unless ``tls=none``.
    Raises ValueError, which never tells the password.
    """
    parts, options = _split(text, {"smtp": 25, "smtps": 465}, {"from", "name", "tls"})
    host, port, user, password = parts
    tls = options.get("tls", Security.STARTTLS)
    if tls not in (Security.STARTTLS, Security.NONE):
        raise ValueError("tls= must be starttls or none; smtps:// for TLS from the first byte on")
    if bool(user) != bool(password):
        raise ValueError("a user and a password belong together")
    security = Security.TLS if text.startswith("smtps:") else Security(tls)
    return MailServer(
        host=host,
        port=port,
        user=user,
        password=password,
        sender=_sender(options.get("from", "")),
        name=_name(options.get("name", "")),
        security=security,
    )


def _split(
    text: str, ports: Mapping[str, int], known: set[str]
) -> tuple[tuple[str, int, str, str], dict[str, str]]:
    """Host, port, user and password, and the options; what is not known is a fault."""
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:  # its own words would quote the password
        raise ValueError("not an address: percent-encode what is special in it") from None
    if url.scheme not in ports:
        raise ValueError(f"Must begin with {' or '.join(f'{name}://' for name in ports)}.")
    if not url.hostname or url.path.strip("/") or url.fragment or _has_blanks(url):
        raise ValueError("must be one host with options after a question mark, and no path")
    options = dict(parse_qsl(url.query, keep_blank_values=True))
    if options.keys() - known:
        raise ValueError(f"knows the options {', '.join(sorted(known))} and no others")
    user, password = unquote(url.username or ""), unquote(url.password or "")
    default = ports[url.scheme]
    return (url.hostname, default if port is None else port, user, password), options


def _has_blanks(url: SplitResult) -> bool:
    return any(sign.isspace() or not sign.isprintable() for sign in url.netloc)


def _sender(text: str) -> str:
    try:
        found = Address(addr_spec=text)
    except (ValueError, IndexError) as error:
        raise ValueError("from= must be an e-mail address") from error
    if parseaddr(text)[1] != text or not (text.isascii() and found.username and found.domain):
        raise ValueError("from= must be an e-mail address in Latin letters")
    return text


def _name(text: str) -> str:
    if len(text) > 100 or not text.isprintable():
        raise ValueError("name= must be one line of at most 100 characters")
    return text
