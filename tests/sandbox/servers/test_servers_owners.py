"""Servers live exactly as long as their owner, however it ends, and have one owner at a time."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg
import pytest

from sandbox.servers import DataFolderInUse, EmbeddedServers
from sandbox.servers.processes import birth, servers_under, wait_until
from tests.sandbox.servers.owners import StartOwner


def sockets_of(url: str) -> Path:
    return Path(url.partition("host=")[2].partition("&")[0])


def test_a_second_owner_is_refused(used: Path, start_owner: StartOwner) -> None:
    owner = start_owner(used)
    with pytest.raises(DataFolderInUse, match=f"in use by process {owner.process.pid}") as refusal:
        EmbeddedServers(used).start()
    assert refusal.value.owner == owner.process.pid
    with psycopg.connect(owner.facts["database_url"]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert owner.leave() == 0
    assert servers_under(used) == []


def test_the_same_process_is_no_exception(servers: EmbeddedServers) -> None:
    with pytest.raises(DataFolderInUse, match=f"in use by process {os.getpid()}"):
        EmbeddedServers(servers.data, durable=False).start()


def test_the_guard_stops_a_killed_owners_servers(used: Path, start_owner: StartOwner) -> None:
    owner = start_owner(used)
    owner.die()
    assert wait_until(lambda: birth(owner.facts["guard"]) is None, 20)
    assert servers_under(used) == []
    assert not sockets_of(owner.facts["database_url"]).exists()


def test_the_guard_removes_data_that_are_not_kept(
    used: Path, data: Path, start_owner: StartOwner
) -> None:
    subprocess.run(["/bin/cp", "-a", str(used), str(data)], check=True)
    owner = start_owner(data, "--drop")
    owner.die()
    assert wait_until(lambda: birth(owner.facts["guard"]) is None, 20)
    assert not data.exists()


def test_nothing_runs_on_in_a_folder_that_was_removed(
    used: Path, data: Path, start_owner: StartOwner
) -> None:
    subprocess.run(["/bin/cp", "-a", str(used), str(data)], check=True)
    owner = start_owner(data)
    shutil.rmtree(data)
    owner.die()
    assert wait_until(lambda: birth(owner.facts["guard"]) is None, 20)
    assert birth(owner.facts["valkey"]) is None
    assert birth(owner.facts["postgres"]) is None
    assert not sockets_of(owner.facts["database_url"]).exists()


def test_the_next_start_clears_up_when_the_guard_died_too(
    used: Path, start_owner: StartOwner
) -> None:
    owner = start_owner(used, "--fork")
    with psycopg.connect(owner.facts["database_owner_url"]) as connection:
        connection.execute("CREATE TABLE orphaned AS SELECT 1 AS number")
    os.kill(owner.facts["guard"], signal.SIGKILL)
    owner.die()
    assert birth(owner.facts["postgres"])
    assert birth(owner.facts["valkey"])
    assert birth(owner.facts["child"]), "a fork of the owner must not hold the folder's lock"

    with EmbeddedServers(used, durable=False) as servers:
        assert birth(owner.facts["postgres"]) is None
        assert birth(owner.facts["valkey"]) is None
        assert not sockets_of(owner.facts["database_url"]).exists()
        with psycopg.connect(servers.addresses.database_owner_url) as connection:
            assert connection.execute("SELECT number FROM orphaned").fetchone() == (1,)


def test_the_next_start_need_not_wait_for_the_guard(used: Path, start_owner: StartOwner) -> None:
    start_owner(used).die()
    with EmbeddedServers(used, durable=False) as servers:
        assert servers.postgres.pid


def test_a_recycled_pid_is_neither_killed_nor_believed(servers: EmbeddedServers) -> None:
    folder = servers.postgres.folder
    mine = folder.stat()
    stranger = subprocess.Popen(["/bin/sleep", "60"], cwd=folder, user=mine.st_uid)
    try:
        pid_file = (folder / "postmaster.pid").read_text()
        servers.postgres.kill()
        _, _, rest = pid_file.partition("\n")
        (folder / "postmaster.pid").write_text(f"{stranger.pid}\n{rest}")
        servers.postgres.start()
        assert stranger.poll() is None
        with psycopg.connect(servers.addresses.database_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        stranger.kill()
        stranger.wait()
