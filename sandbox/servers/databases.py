"""Databases beside the first one: templates and their clones, for tests.

A clone carries its template's schema and rows, but PostgreSQL copies no rights on the database
itself; those are given here, the same as on the first one.
"""

from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from sandbox.servers.cluster import APP, OWNER


def create_database(
    superuser_url: str, name: str, template: str | None = None, owner: str = OWNER
) -> None:
    """Make a database, a copy of ``template`` if one is named; nobody may be connected to that."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        # Copying files beats writing every page to the log, fsync being off as it is in tests.
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(name),
                sql.Identifier(owner),
                sql.Identifier(template or "template1"),
            )
        )
        connection.execute(
            sql.SQL(
                "REVOKE ALL ON DATABASE {0} FROM PUBLIC; GRANT CONNECT ON DATABASE {0} TO {1}"
            ).format(sql.Identifier(name), sql.Identifier(APP))
        )


def drop_database(superuser_url: str, name: str) -> None:
    """Remove a database if it is there, whoever is connected to it."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )


def url_for(url: str, name: str) -> str:
    """The same server and role, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
