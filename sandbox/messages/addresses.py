"""Where the servers listen, as the settings SMS_URL and MAIL_URL say it."""

import secrets
from urllib.parse import urlsplit

SMS_URL = "smpp://tracker:tracker@127.0.0.1:2775?source=CLUB"
MAIL_URL = "smtp://127.0.0.1:1025?from=club@localhost&tls=none"
"""The product's own defaults."""


def at_port_of(url: str, announced: str) -> str:
    """A setting's URL with the port of another, such as the one its server has announced."""
    parts, port = urlsplit(url), urlsplit(announced).port
    host = parts.netloc.rpartition(":")[0]
    return parts._replace(netloc=f"{host}:{port}").geturl()


def on_a_free_port(url: str) -> str:
    """A setting's URL with port 0."""
    return at_port_of(url, "any://any:0")


def own_urls() -> dict[str, str]:
    """Both settings for servers that nobody else knows: free ports, a new password for SMPP."""
    password = secrets.token_urlsafe(6)  # SMPP has room for 8 characters
    return {
        "SMS_URL": on_a_free_port(SMS_URL).replace(":tracker@", f":{password}@"),
        "MAIL_URL": on_a_free_port(MAIL_URL),
    }
