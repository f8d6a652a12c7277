"""Empty databases to migrate."""

import itertools
from collections.abc import Callable, Iterator

import pytest

import migrations
from sandbox.servers import EmbeddedServers
from sandbox.servers.databases import create_database, drop_database, url_for

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def empty_database(servers: EmbeddedServers) -> Iterator[Callable[[], str]]:
    """Makes a database without any table; returns its owner's URL."""
    addresses = servers.addresses
    made: list[str] = []

    def make() -> str:
        made.append(f"schema_{next(_NUMBERS)}")
        create_database(addresses.superuser_url, made[-1])
        return url_for(addresses.database_owner_url, made[-1])

    yield make
    for name in made:
        drop_database(addresses.superuser_url, name)


@pytest.fixture(scope="module")
def migrated(empty_database: Callable[[], str]) -> str:
    """A database with the whole schema, to be looked at only; its owner's URL."""
    url = empty_database()
    migrations.upgrade(url)
    return url
