"""A start that fails says why in one error, and leaves nothing running."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.servers import BadDataFolder, EmbeddedServers, ProgramsMissing, ServerDidNotStart
from sandbox.servers.processes import servers_under
from sandbox.servers.programs import installed


@contextmanager
def altered(file: Path, text: str) -> Iterator[None]:
    """Other contents in a file for a while; what was there is put back."""
    there = file.exists()
    before = file.read_text() if there else ""
    file.write_text(text)
    yield
    file.write_text(before)
    if not there:
        file.unlink()


@pytest.fixture(autouse=True)
def _nothing_is_left(used: Path, data: Path) -> Iterator[None]:
    yield
    for folder in (used, data):
        assert servers_under(folder) == []
        assert not (folder / "servers" / "sockets").is_symlink()


def test_another_version_of_postgres(used: Path) -> None:
    with (
        altered(used / "servers" / "postgres" / "PG_VERSION", "14\n"),
        pytest.raises(ServerDidNotStart, match="initialized by PostgreSQL version 14"),
    ):
        EmbeddedServers(used, durable=False).start()


def test_valkey_that_cannot_read_its_data(used: Path) -> None:
    with (
        altered(used / "servers" / "valkey" / "appendonlydir", "not a folder"),
        pytest.raises(ServerDidNotStart, match="Valkey did not start") as failure,
    ):
        EmbeddedServers(used).start()
    assert "appendonlydir" in failure.value.tail


def test_lost_passwords(used: Path) -> None:
    file = used / "servers" / "passwords.json"
    aside = file.rename(file.with_name("aside"))
    with pytest.raises(BadDataFolder, match="nobody can sign in"):
        EmbeddedServers(used, durable=False).start()
    aside.rename(file)


def test_a_place_that_was_moved_to_and_is_gone(used: Path) -> None:
    with (
        altered(used / "servers" / "moved-to", "/nowhere\n"),
        pytest.raises(BadDataFolder, match="names /nowhere, which is gone"),
    ):
        EmbeddedServers(used, durable=False).start()


def test_a_first_start_that_fails_can_be_repeated(data: Path) -> None:
    data.mkdir()
    broken = data / "initdb"
    broken.write_text("#!/bin/sh\ntest $1 = --version || { echo 'no space left'; exit 28; }\n")
    broken.chmod(0o755)
    failing = EmbeddedServers(data, durable=False, programs=replace(installed(), initdb=broken))
    with pytest.raises(ServerDidNotStart, match="initdb ended with exit code 28") as failure:
        failing.start()
    assert failure.value.tail == "no space left"
    assert not list((data / "servers").glob("postgres*/"))
    with EmbeddedServers(data) as servers:
        assert servers.postgres.pid


def test_programs_that_are_not_there(data: Path) -> None:
    missing = replace(installed(), initdb=data / "no-such-program")
    with pytest.raises(ProgramsMissing, match="no-such-program cannot be run"):
        EmbeddedServers(data, programs=missing).start()
