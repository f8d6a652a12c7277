"""Telling processes apart, by /proc and by ps."""

import os
import subprocess

import pytest

from sandbox.servers import EmbeddedServers, processes
from sandbox.servers.processes import birth, servers_under


@pytest.fixture(params=[True, False], ids=["proc", "ps"])
def source(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Where the answers come from."""
    monkeypatch.setattr(processes, "HAS_PROC", request.param)
    return bool(request.param)


def test_a_birth_is_the_same_each_time_and_ends_with_its_process(source: bool) -> None:
    with subprocess.Popen(["/bin/sleep", "60"]) as process:
        born = birth(process.pid)
        assert born
        assert birth(process.pid) == born
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert birth(process.pid) is None, "a zombie does not live"
    assert birth(process.pid) is None


def test_servers_are_found_by_what_they_are_and_where_they_work(
    servers: EmbeddedServers, source: bool
) -> None:
    postgres, valkey = servers.postgres, servers.valkey
    home = postgres.folder.parent
    assert {postgres.pid, valkey.pid} <= set(servers_under(home))
    assert valkey.pid not in servers_under(postgres.folder)
    assert servers_under(valkey.folder) == [valkey.pid]
    assert servers_under(home / "elsewhere") == []
    with subprocess.Popen(["/bin/sleep", "60"], cwd=home) as stranger:
        assert stranger.pid not in servers_under(home)
        stranger.kill()
