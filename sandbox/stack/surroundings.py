"""What the processes of a stack are told: its settings, and the files that keep them."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from sandbox.servers import Addresses
from sandbox.servers.families import FOLDER_MARK
from sandbox.servers.home import write_private
from tracker.kit.crypto import new_key

_KEY_FILE = "secret.key"
_GIVEN = (
    "TRACKER_SECRET_KEY",
    "TRACKER_FORMER_KEYS",
    "TRACKER_CLOCK",
    "PUBLIC_URL",
    "BILLING_URL",
    "BILLING_TOKEN",
    "SMS_URL",
    "MAIL_URL",
)


def is_given(environ: Mapping[str, str], name: str) -> bool:
    """Whether somebody outside says so: an empty value says nothing."""
    return bool(environ.get(name))


def settings_of(
    environ: Mapping[str, str], addresses: Addresses, data: Path, clock: str
) -> dict[str, str]:
    """The settings by which every process finds this stack, but for its stand-ins' addresses.

    What ``environ`` gives goes first. The key is made once and kept in the data folder: without
    it the shops' secrets of an earlier run could not be read.
    """
    settings = {name: environ[name] for name in _GIVEN if is_given(environ, name)}
    settings |= _servers(environ, addresses)
    if "TRACKER_SECRET_KEY" not in settings:
        settings["TRACKER_SECRET_KEY"] = _key_of(data)
    settings.setdefault("BILLING_TOKEN", secrets.token_urlsafe(24))
    if clock:
        settings["TRACKER_CLOCK"] = clock
    return settings


def surroundings(
    environ: Mapping[str, str], settings: Mapping[str, str], data: Path
) -> dict[str, str]:
    """The whole environment of a process of the stack."""
    inherited = {name: value for name, value in environ.items() if name != FOLDER_MARK}
    return {**inherited, **settings, "TRACKER_DATA": str(data)}


def announce(path: Path, settings: Mapping[str, str]) -> None:
    """Let commands that are run elsewhere find the stack."""
    write_private(path, json.dumps(dict(settings), indent=1))


def _servers(environ: Mapping[str, str], addresses: Addresses) -> dict[str, str]:
    found = {"REDIS_URL": addresses.redis_url or environ["REDIS_URL"]}
    if addresses.database_url:
        return found | {
            "DATABASE_URL": addresses.database_url,
            "DATABASE_OWNER_URL": addresses.database_owner_url,
        }
    url = environ["DATABASE_URL"]
    return found | {
        "DATABASE_URL": url,
        "DATABASE_OWNER_URL": environ.get("DATABASE_OWNER_URL") or url,
    }


def _key_of(data: Path) -> str:
    path = data / _KEY_FILE
    if not path.exists():
        write_private(path, new_key() + os.linesep)
    return path.read_text().strip()
