"""Embedded PostgreSQL and Valkey: the programs of two wheels behind a launcher of ours.

``EmbeddedServers`` runs them on a data folder and stops them with their owner, however it ends;
``databases`` clones databases for tests. Nothing but the standard library is needed to run them.
"""

from sandbox.servers.embedded import Addresses, EmbeddedServers
from sandbox.servers.errors import (
    BadDataFolder,
    DataFolderInUse,
    ProgramsMissing,
    ServerDidNotStart,
    ServerDidNotStop,
    ServersError,
)
from sandbox.servers.temporary import temporary_data, temporary_servers

__all__ = [
    "Addresses",
    "BadDataFolder",
    "DataFolderInUse",
    "EmbeddedServers",
    "ProgramsMissing",
    "ServerDidNotStart",
    "ServerDidNotStop",
    "ServersError",
    "temporary_data",
    "temporary_servers",
]
