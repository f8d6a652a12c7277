"""Start, stop, restart, kill: data and addresses through all of them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis
import sqlalchemy

from sandbox.servers import BadDataFolder, EmbeddedServers, ServersError
from sandbox.servers.processes import birth, servers_under


def test_the_addresses_suit_every_client(servers: EmbeddedServers) -> None:
    addresses = servers.addresses
    for url, role in (
        (addresses.database_url, "tracker_app"),
        (addresses.database_owner_url, "tracker_owner"),
        (addresses.superuser_url, "postgres"),
    ):
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (role,)
        engine = sqlalchemy.create_engine(url)
        with engine.connect() as session:
            assert session.scalar(sqlalchemy.text("SELECT current_user")) == role
        engine.dispose()
    assert redis.Redis.from_url(addresses.redis_url).ping()


def test_nobody_gets_in_without_a_password(servers: EmbeddedServers) -> None:
    url = servers.addresses.superuser_url
    secret = url.partition("postgres:")[2].partition("@")[0]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace(secret, "guess"))
    with pytest.raises(redis.exceptions.AuthenticationError):
        redis.Redis.from_url(servers.addresses.redis_url.partition("?")[0]).ping()


def test_data_survive_a_stop_and_nothing_else_does(used: Path) -> None:
    servers = EmbeddedServers(used)
    first = servers.start()
    with psycopg.connect(first.database_owner_url) as owner:
        owner.execute("CREATE TABLE kept AS SELECT 42 AS number")
    redis.Redis.from_url(first.redis_url).set("kept", "43")
    pids = [servers.postgres.pid, servers.valkey.pid, servers.guard.pid]
    sockets = Path(first.redis_url.removeprefix("unix://").partition("?")[0]).parent
    servers.stop()

    assert servers_under(used) == []
    assert [birth(pid) for pid in pids if pid] == [None, None, None]
    assert not sockets.exists()
    with pytest.raises(ServersError, match="do not run"):
        _ = servers.addresses

    with EmbeddedServers(used) as again:
        with psycopg.connect(again.addresses.database_owner_url) as owner:
            assert owner.execute("SELECT number FROM kept").fetchone() == (42,)
            assert owner.execute("SHOW fsync").fetchone() == ("on",)
        assert redis.Redis.from_url(again.addresses.redis_url).get("kept") == b"43"


def test_secrets_are_for_the_owner_alone(used: Path) -> None:
    with EmbeddedServers(used, durable=False):
        path = used / "servers" / "passwords.json"
        assert path.stat().st_mode & 0o777 == 0o600
        secrets = json.loads(path.read_text()).values()
        listed = subprocess.run(
            ["/bin/ps", "-axww", "-o", "command="], capture_output=True, text=True, check=True
        ).stdout
        assert "valkey-server" in listed
        assert not [secret for secret in secrets if secret in listed]
        logs = [log.read_text() for log in path.parent.glob("*.log")]
        assert len(logs) == 2
        assert not [secret for secret in secrets for log in logs if secret in log]


def test_postgres_comes_back_at_the_same_address(servers: EmbeddedServers) -> None:
    url = servers.addresses.database_owner_url
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE outage (step text)")
        connection.execute("INSERT INTO outage VALUES ('committed')")

    def kill_and_start() -> None:
        servers.postgres.kill()
        servers.postgres.start()

    outages: list[Callable[[], None]] = [
        servers.restart_postgres,
        lambda: servers.restart_postgres(immediate=True),
        kill_and_start,
    ]
    for outage in outages:
        before = servers.postgres.pid
        outage()
        assert servers.postgres.pid not in {None, before}
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT step FROM outage").fetchone() == ("committed",)


def test_a_kill_takes_postgres_children_along(servers: EmbeddedServers) -> None:
    folder = servers.postgres.folder
    with psycopg.connect(servers.addresses.database_url) as connection:
        assert len(servers_under(folder)) > 2
        servers.postgres.kill()
        assert servers.postgres.pid is None
        assert servers_under(folder) == []
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    servers.postgres.start()


def test_valkey_comes_back_at_the_same_address(servers: EmbeddedServers) -> None:
    client = redis.Redis.from_url(servers.addresses.redis_url)
    servers.valkey.kill()
    assert servers.valkey.pid is None
    with pytest.raises(redis.exceptions.ConnectionError):
        client.ping()
    servers.valkey.start()
    assert client.ping()
    servers.valkey.restart()
    assert client.ping()


def test_a_path_longer_than_a_socket_may_have(used: Path, data: Path) -> None:
    deep = data / ("directory-" * 6) / ("directory-" * 6) / "данные клуба"
    deep.parent.mkdir(parents=True)
    subprocess.run(["/bin/cp", "-a", str(used), str(deep)], check=True)
    with EmbeddedServers(deep, durable=False) as servers:
        assert len(str(servers.postgres.folder)) > 107
        with psycopg.connect(servers.addresses.database_url) as connection:
            assert connection.execute("SELECT lower('ПРИВЕТ')").fetchone() == ("привет",)


def test_a_file_is_no_data_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(BadDataFolder, match="cannot be a data folder"):
        EmbeddedServers(tmp_path / "file").start()
