"""Real servers for every test: each test process runs its own PostgreSQL and Valkey.

A migrated database serves as the template; a test that asks for one gets a clone of it.
"""

import itertools
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis
from werkzeug.routing import Rule

import migrations
import wsgi
from sandbox.servers import EmbeddedServers, temporary_servers
from sandbox.servers.databases import create_database, drop_database, url_for
from tests.world import World
from tracker.kit.crypto import new_key
from tracker.kit.runtime import Runtime
from tracker.kit.settings import Settings, load_settings

_TEMPLATE = "template_tracker"
_NUMBERS = itertools.count(1)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it puts in the background so, and whatever we start would be deaf too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    # So does nohup.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def _rules_once() -> Iterator[None]:
    """The same routes are compiled for every application of every test: once is enough."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", _compiled_once(Rule._compile_builder))
        yield


def _compiled_once(compile_builder: Any) -> Any:
    """Werkzeug's own, remembering what it made of a route's text and defaults."""
    made: dict[Any, Any] = {}

    def compiled(rule: Rule, append_unknown: bool = True) -> Any:
        spelled = (rule.rule, rule.host, repr(rule.defaults), repr(rule._trace), append_unknown)
        if spelled not in made:
            made[spelled] = compile_builder(rule, append_unknown)
        return made[spelled]

    return compiled


@pytest.fixture(scope="session")
def servers() -> Iterator[EmbeddedServers]:
    """PostgreSQL and Valkey of this test process, empty but for the template."""
    with temporary_servers() as running:
        superuser = running.addresses.superuser_url
        create_database(superuser, _TEMPLATE)
        migrations.upgrade(url_for(running.addresses.database_owner_url, _TEMPLATE))
        yield running


@pytest.fixture
def environ(servers: EmbeddedServers) -> Iterator[dict[str, str]]:
    """The environment of a deployment of its own: a fresh database and an empty Valkey."""
    addresses = servers.addresses
    name = f"test_{next(_NUMBERS)}"
    create_database(addresses.superuser_url, name, template=_TEMPLATE)
    with Redis.from_url(addresses.redis_url) as redis:
        redis.flushall()
    yield {
        "DATABASE_URL": url_for(addresses.database_url, name),
        "DATABASE_OWNER_URL": url_for(addresses.database_owner_url, name),
        "REDIS_URL": addresses.redis_url,
        "TRACKER_SECRET_KEY": new_key(),
        "LOG_LEVEL": "ERROR",
    }
    drop_database(addresses.superuser_url, name)


@pytest.fixture
def settings(environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of that deployment."""
    return load_settings(environ, tmp_path_factory.getbasetemp())


@pytest.fixture
def tools(settings: Settings) -> Iterator[Runtime]:
    """The tools of a process of that deployment."""
    made = wsgi.runtime_from(settings, connections=10)
    yield made
    made.engine.dispose()


@pytest.fixture(scope="session")
def door(request: pytest.FixtureRequest) -> str:
    """What carries the requests: tests marked by ``both_doors`` run once for each transport."""
    return str(getattr(request, "param", "threads"))


@pytest.fixture
def world(tools: Runtime, door: str) -> World:
    """The programme, ready for a story."""
    return World(tools, door)
