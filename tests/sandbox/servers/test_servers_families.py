"""Families: found whole by their marks, whoever of them is left."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.servers import EmbeddedServers, ServersError, processes
from sandbox.servers.families import end_families, marked, members
from sandbox.servers.processes import birth

_TWO_GENERATIONS = """
import os, sys, time
if os.fork():
    print("there", flush=True)
else:
    os.setsid()
time.sleep(60)
"""


@pytest.fixture(params=[True, False], ids=["proc", "ps"])
def source(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Where the answers come from."""
    monkeypatch.setattr(processes, "HAS_PROC", request.param)
    return bool(request.param)


@contextmanager
def family(data: Path, name: str) -> Iterator[subprocess.Popen[str]]:
    """A parent and its child, which has made itself independent."""
    environ = marked(os.environ, data, name)
    command = [sys.executable, "-c", _TWO_GENERATIONS]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "there\n"
        yield parent
        end_families(data, name)


def test_a_family_is_found_by_folder_and_by_name(tmp_path: Path, source: bool) -> None:
    with family(tmp_path, "one") as one, family(tmp_path, "another") as another:
        assert one.pid in members(tmp_path, "one")
        assert len(members(tmp_path, "one")) == 2
        assert {one.pid, another.pid} <= set(members(tmp_path))
        assert len(members(tmp_path)) == 4
        assert members(tmp_path, "on") == []
        assert members(tmp_path.with_name(f"{tmp_path.name}-2")) == []


def test_it_ends_whole_also_when_its_first_is_dead(tmp_path: Path) -> None:
    with family(tmp_path, "one") as one, family(tmp_path, "another") as another:
        one.kill()
        one.wait()
        (orphan,) = members(tmp_path, "one")
        assert end_families(tmp_path, "one") == 1
        assert birth(orphan) is None
        assert birth(another.pid)
        assert end_families(tmp_path) == 2


def test_a_killed_owners_family_ends_with_its_servers(data: Path) -> None:
    with family(data, "left over") as orphan, EmbeddedServers(data, durable=False):
        assert birth(orphan.pid) is None


def test_a_server_that_is_not_wanted_does_not_run(data: Path) -> None:
    with EmbeddedServers(data, durable=False, postgres=False) as servers:
        assert servers.running == [servers.valkey]
        assert servers.addresses.database_url == ""
        assert servers.addresses.redis_url
        with pytest.raises(ServersError, match="not wanted"):
            servers.restart_postgres()
    assert not (data / "servers" / "postgres").exists()
