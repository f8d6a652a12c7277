"""Clearing up after an owner that died without stopping its servers."""

from pathlib import Path

from sandbox.servers.home import remove_sockets
from sandbox.servers.processes import end_servers_under

_PATIENCE = 20.0


def clear_away(home: Path) -> int:
    """Stop what still runs on a home and remove its sockets; returns how many processes ran.

    To be called by the holder of the folder's lock. Raises ServerDidNotStop.
    """
    found = end_servers_under(home, patience=_PATIENCE)
    remove_sockets(home)
    return found
