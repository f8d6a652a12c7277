"""Clearing up after an owner that died without stopping what it had started."""

from sandbox.servers.families import end_families
from sandbox.servers.home import Home, remove_sockets
from sandbox.servers.processes import end_servers_under

_PATIENCE = 20.0


def clear_away(home: Home) -> int:
    """Stop what still runs on a home, families first; returns how many processes ran.

    Their sockets go, and what a running stack says of itself. To be called by the holder of the
    folder's lock. Raises ServerDidNotStop.
    """
    home.announcement.unlink(missing_ok=True)
    found = end_families(home.data)
    found += end_servers_under(home.path, patience=_PATIENCE)
    remove_sockets(home.path)
    return found
