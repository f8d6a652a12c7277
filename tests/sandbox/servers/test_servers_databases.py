"""Databases for tests: cloned quickly, with the rights of the first one."""

import time
from collections.abc import Iterator

import psycopg
import pytest

from sandbox.servers import EmbeddedServers
from sandbox.servers.databases import create_database, drop_database, url_for

TEMPLATE = "template_of_tests"


@pytest.fixture(scope="module")
def template(servers: EmbeddedServers) -> Iterator[str]:
    """A database with the size of a schema: forty tables with an index and some rows each."""
    addresses = servers.addresses
    create_database(addresses.superuser_url, TEMPLATE)
    with psycopg.connect(url_for(addresses.database_owner_url, TEMPLATE)) as owner:
        for number in range(40):
            owner.execute(f"CREATE TABLE t{number} (id bigint PRIMARY KEY, name text)")
            owner.execute(f"INSERT INTO t{number} SELECT g, g::text FROM generate_series(1, 50) g")
        owner.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO tracker_app")
    yield TEMPLATE
    drop_database(addresses.superuser_url, TEMPLATE)


def test_a_clone_has_all_but_is_another(servers: EmbeddedServers, template: str) -> None:
    addresses = servers.addresses
    create_database(addresses.superuser_url, "clone", template)
    with psycopg.connect(url_for(addresses.database_owner_url, "clone")) as owner:
        owner.execute("DELETE FROM t7")
    with psycopg.connect(url_for(addresses.database_url, template)) as application:
        assert application.execute("SELECT count(*) FROM t7").fetchone() == (50,)
    with psycopg.connect(url_for(addresses.database_url, "clone"), autocommit=True) as application:
        assert application.execute("SELECT count(*) FROM t7").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute("CREATE TEMPORARY TABLE mine (id bigint)")
        # Somebody is still connected: the database goes all the same.
        drop_database(addresses.superuser_url, "clone")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url_for(addresses.database_url, "clone"))
    drop_database(addresses.superuser_url, "clone")


def test_a_clone_takes_a_fraction_of_a_second(servers: EmbeddedServers, template: str) -> None:
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        create_database(servers.addresses.superuser_url, "quick", template)
        seconds.append(time.perf_counter() - began)
        drop_database(servers.addresses.superuser_url, "quick")
    assert min(seconds) < 1.0  # 0.03 on a quiet machine


def test_postgres_knows_cyrillic(servers: EmbeddedServers, template: str) -> None:
    with psycopg.connect(url_for(servers.addresses.database_url, template)) as connection:
        row = connection.execute(
            "SELECT lower('ЁЛКА Москва'), upper('скидка'), 'кЭшбЭк' ILIKE 'КЭШБЭК'"
        ).fetchone()
    assert row == ("ёлка москва", "СКИДКА", True)


def test_a_name_is_never_taken_for_sql(servers: EmbeddedServers) -> None:
    name = 'a"; DROP DATABASE tracker; --'
    create_database(servers.addresses.superuser_url, name)
    drop_database(servers.addresses.superuser_url, name)
    with psycopg.connect(servers.addresses.database_url) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("tracker",)


def test_url_for_changes_the_database_alone() -> None:
    url = "postgresql://role:pa-ss_word@/tracker?host=/tmp/tracker-x&port=5432"
    assert url_for(url, "other") == url.replace("/tracker?", "/other?")
