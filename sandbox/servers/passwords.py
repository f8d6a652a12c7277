"""The servers' passwords: random, made once for a data folder, for its owner's eyes alone."""

import json
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from sandbox.servers.errors import BadDataFolder
from sandbox.servers.home import Home, write_private

_BYTES = 24


@dataclass(frozen=True, slots=True)
class Passwords:
    """One for each PostgreSQL role, one for Valkey; letters, digits, ``-`` and ``_`` only."""

    superuser: str
    owner: str
    app: str
    valkey: str


def passwords_of(home: Home) -> Passwords:
    """The home's passwords, made now if it holds no data yet.

    Raises BadDataFolder when data are there and their passwords are not.
    """
    path = home.path / "passwords.json"
    if path.exists():
        return _read(path)
    if home.postgres.exists():
        raise BadDataFolder(f"{path} is missing, and nobody can sign in to the data without it")
    made = Passwords(*(secrets.token_urlsafe(_BYTES) for _ in fields(Passwords)))
    write_private(path, json.dumps(asdict(made)))
    return made


def _read(path: Path) -> Passwords:
    try:
        return Passwords(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise BadDataFolder(f"{path} cannot be read: {error}") from error
