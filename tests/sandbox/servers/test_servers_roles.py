"""The two roles of the product and what each may do before any migration has run."""

import psycopg
import pytest

from sandbox.servers import EmbeddedServers
from sandbox.servers.databases import url_for


def rights(servers: EmbeddedServers) -> dict[str, tuple[bool, ...]]:
    with psycopg.connect(servers.addresses.superuser_url) as connection:
        rows = connection.execute(
            "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
            " FROM pg_roles WHERE rolcanlogin"
        ).fetchall()
    return {name: tuple(flags) for name, *flags in rows}


def test_only_the_superuser_has_powers_over_the_server(servers: EmbeddedServers) -> None:
    assert rights(servers) == {
        "postgres": (True,) * 5,
        "tracker_owner": (False,) * 5,
        "tracker_app": (False,) * 5,
    }


def test_the_owner_makes_the_schema(servers: EmbeddedServers) -> None:
    with psycopg.connect(servers.addresses.database_owner_url) as connection:
        connection.execute("CREATE TABLE made_by_owner (id bigint)")
        connection.execute("CREATE SCHEMA made_by_owner")
        connection.execute("CREATE TEMPORARY TABLE passing (id bigint)")
        connection.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id bigint)",
        "CREATE TEMPORARY TABLE mine (id bigint)",
        "CREATE SCHEMA mine",
        "CREATE ROLE friend",
        "CREATE DATABASE mine",
        "SET session_replication_role = replica",
        "SET ROLE tracker_owner",
        "SELECT * FROM pg_authid",
        "SELECT pg_read_file('PG_VERSION')",
    ],
)
def test_the_application_may_only_connect(servers: EmbeddedServers, statement: str) -> None:
    with (
        psycopg.connect(servers.addresses.database_url, autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_other_databases_are_closed_to_both(servers: EmbeddedServers, database: str) -> None:
    for url in (servers.addresses.database_url, servers.addresses.database_owner_url):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(url_for(url, database))
