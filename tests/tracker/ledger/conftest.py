"""Raw connections to empty books, each with the rights of its role."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

import migrations
from sandbox.servers import EmbeddedServers
from sandbox.servers.databases import create_database, drop_database, url_for
from tests.tracker.ledger.raw_books import Raw

_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Doors:
    """The ways into one database."""

    application: str
    owner: str
    superuser: str


@pytest.fixture(scope="module")
def doors(servers: EmbeddedServers) -> Iterator[Doors]:
    """A migrated database for the tests of one file."""
    addresses, name = servers.addresses, f"books_{next(_NUMBERS)}"
    create_database(addresses.superuser_url, name)
    made = Doors(
        url_for(addresses.database_url, name),
        url_for(addresses.database_owner_url, name),
        url_for(addresses.superuser_url, name),
    )
    migrations.upgrade(made.owner)
    yield made
    drop_database(addresses.superuser_url, name)


@pytest.fixture
def superuser(doors: Doors) -> Iterator[Raw]:
    """A session of the server's administrator; it empties the books first, as only it can."""
    with psycopg.connect(doors.superuser) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "TRUNCATE ledger_transactions, ledger_entries, member_balances, closed_periods,"
            " ledger_rolled_days CASCADE"
        )
        connection.commit()
        yield connection
        connection.rollback()


@pytest.fixture
def app(doors: Doors, superuser: Raw) -> Iterator[Raw]:
    """A session with the rights of the application."""
    yield from _session(doors.application)


@pytest.fixture
def other_app(doors: Doors, superuser: Raw) -> Iterator[Raw]:
    """A second session with the rights of the application."""
    yield from _session(doors.application)


@pytest.fixture
def owner(doors: Doors, superuser: Raw) -> Iterator[Raw]:
    """A session of the owner of the schema."""
    yield from _session(doors.owner)


def _session(url: str) -> Iterator[Raw]:
    with psycopg.connect(url) as connection:
        connection.execute("SET statement_timeout = '20s'")
        connection.commit()
        yield connection
        connection.rollback()
