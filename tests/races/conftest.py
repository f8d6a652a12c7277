"""What races compare with: the same day without any disturbance."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import wsgi
from sandbox.servers import EmbeddedServers
from sandbox.servers.databases import create_database, drop_database, url_for
from tests.races import scene
from tests.races.processes import Processes
from tests.races.scene import Books
from tests.world import World, day
from tracker.kit.crypto import new_key
from tracker.kit.settings import load_settings


@pytest.fixture(scope="session")
def undisturbed(servers: EmbeddedServers) -> Iterator[Books]:
    """The books after the scene, booked by one worker in peace."""
    addresses, name = servers.addresses, "test_undisturbed"
    create_database(addresses.superuser_url, name, template="template_tracker")
    environ = {
        "DATABASE_URL": url_for(addresses.database_url, name),
        "REDIS_URL": addresses.redis_url,
        "TRACKER_SECRET_KEY": new_key(),
        "LOG_LEVEL": "ERROR",
        "WEBHOOK_RATE": "100000",
    }
    tools = wsgi.runtime_from(load_settings(environ, Path("nowhere")), connections=2)
    world = World(tools)
    scene.tell(world)
    world.work()
    yield scene.close(world)
    tools.engine.dispose()
    drop_database(addresses.superuser_url, name)


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    """Races send faster than any shop is allowed to."""
    return {**environ, "WEBHOOK_RATE": "100000"}


@pytest.fixture
def processes(environ: dict[str, str], tmp_path: Path) -> Iterator[Processes]:
    """Processes of this test's deployment; their business time is about noon of the first day."""
    clock = f"{day(0.5).isoformat()} x1 @{time.time()}"
    started = Processes({**environ, "TRACKER_CLOCK": clock}, tmp_path / "processes.log")
    yield started
    started.end()
    sys.stdout.write(started.said())  # for whoever looks at a test that failed
