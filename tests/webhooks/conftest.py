"""One deployment for the whole door: its tests share nothing but the servers, each has its shop."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

import wsgi
from sandbox.servers import EmbeddedServers
from sandbox.servers.databases import create_database, drop_database, url_for
from tests.world import Shop, World
from tracker.kit.crypto import new_key
from tracker.kit.settings import load_settings

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def house_environ(servers: EmbeddedServers, door: str) -> Iterator[dict[str, str]]:
    """The environment of a deployment that lives as long as this door is tried."""
    addresses, name = servers.addresses, f"test_front_door_{door}"
    create_database(addresses.superuser_url, name, template="template_tracker")
    yield {
        "DATABASE_URL": url_for(addresses.database_url, name),
        "REDIS_URL": addresses.redis_url,
        "TRACKER_SECRET_KEY": new_key(),
        "LOG_LEVEL": "ERROR",
        "WEBHOOK_RATE": "100000",
    }
    drop_database(addresses.superuser_url, name)


@pytest.fixture(scope="session")
def house(house_environ: dict[str, str], door: str) -> Iterator[World]:
    """That deployment, entered in this process."""
    settings = load_settings(house_environ, Path("nowhere"))
    tools = wsgi.runtime_from(settings, connections=5)
    yield World(tools, door)
    tools.engine.dispose()


@pytest.fixture
def shop(house: World) -> Shop:
    """A shop that no other test knows."""
    return house.shop(f"shop-{next(_NUMBERS)}")
