"""One scene for all tests that send whatever the API document allows, and what it does not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import migrations
import wsgi
from sandbox.servers import EmbeddedServers
from sandbox.servers.databases import create_database, drop_database, url_for
from tests.wsgi.visitors import Scene, scene_of
from tracker.kit.crypto import new_key
from tracker.kit.settings import load_settings

NAME = "scene"


@pytest.fixture(scope="session")
def scene(servers: EmbeddedServers) -> Iterator[Scene]:
    """They leave it as it is, or it does not matter."""
    addresses = servers.addresses
    create_database(addresses.superuser_url, NAME)
    owner = url_for(addresses.database_owner_url, NAME)
    migrations.upgrade(owner)
    environ = {
        "DATABASE_URL": url_for(addresses.database_url, NAME),
        "DATABASE_OWNER_URL": owner,
        "REDIS_URL": addresses.redis_url,
        "TRACKER_SECRET_KEY": new_key(),
        "LOG_LEVEL": "ERROR",
    }
    tools = wsgi.runtime_from(load_settings(environ, Path("/nonexistent")), connections=10)
    with scene_of(tools) as found:
        yield found
    tools.engine.dispose()
    drop_database(addresses.superuser_url, NAME)
