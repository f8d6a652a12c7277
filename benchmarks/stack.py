"""What is measured runs on this: a fresh database, on durable servers that nobody else uses."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import Engine, make_url

import migrations
from benchmarks.meter import Meter
from sandbox.servers import EmbeddedServers
from sandbox.servers.databases import create_database, drop_database, url_for
from sandbox.servers.programs import installed
from tracker.kit.crypto import Keyring, key_from, new_key
from tracker.kit.database import make_engine


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Stack:
    """One deployment: a database and a Valkey, and what reads their CPU time."""

    environ: dict[str, str]
    """The deployment's settings, for processes of the product."""
    engine: Engine
    meter: Meter
    servers: EmbeddedServers

    @property
    def url(self) -> str:
        """The database, as the application's role."""
        return self.environ["DATABASE_URL"]

    @property
    def keys(self) -> Keyring:
        """The deployment's keys."""
        return Keyring(key_from(self.environ["TRACKER_SECRET_KEY"]))

    def connect(self) -> psycopg.Connection:
        """A plain connection with the application's rights: each statement its own transaction."""
        return psycopg.connect(self.url, autocommit=True)

    def connect_owner(self) -> psycopg.Connection:
        """A plain connection as the schema's owner."""
        return psycopg.connect(self.environ["DATABASE_OWNER_URL"], autocommit=True)

    def connect_superuser(self) -> psycopg.Connection:
        """A plain connection that may do anything, as whoever restores a database."""
        name = make_url(self.url).database or ""
        superuser = url_for(self.servers.addresses.superuser_url, name)
        return psycopg.connect(superuser, autocommit=True)

    def libpq_environ(self) -> dict[str, str]:
        """The application's database for PostgreSQL's own programs: no password in an argument."""
        url = make_url(self.url)
        return {
            **os.environ,
            "PGHOST": str(url.query["host"]),
            "PGPORT": str(url.query["port"]),
            "PGUSER": url.username or "",
            "PGPASSWORD": url.password or "",
            "PGDATABASE": url.database or "",
        }


def pgbench() -> Path:
    """PostgreSQL's own load generator, beside the embedded server."""
    return installed().postgres.with_name("pgbench")


@contextmanager
def fresh_stack(servers: EmbeddedServers, name: str) -> Iterator[Stack]:
    """A database of this name with the schema and nothing in it; it goes at the end."""
    addresses = servers.addresses
    create_database(addresses.superuser_url, name)
    owner_url = url_for(addresses.database_owner_url, name)
    migrations.upgrade(owner_url)
    environ = {
        "DATABASE_URL": url_for(addresses.database_url, name),
        "DATABASE_OWNER_URL": owner_url,
        "REDIS_URL": addresses.redis_url,
        "TRACKER_SECRET_KEY": new_key(),
        "WEBHOOK_RATE": "1000000",
        "WEBHOOK_RATE_TOTAL": "1000000",
        "LOG_LEVEL": "WARNING",
    }
    engine = make_engine(environ["DATABASE_URL"])
    meter = Meter({"postgres": [servers.postgres.pid or 0], "valkey": [servers.valkey.pid or 0]})
    yield Stack(environ, engine, meter, servers)
    engine.dispose()
    drop_database(addresses.superuser_url, name)
