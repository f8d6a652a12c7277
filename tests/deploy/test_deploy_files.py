"""deploy/ agrees with the product: commands, settings and files are there by those names."""

import importlib
import json
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

import migrations
from sandbox.servers import temporary_servers
from sandbox.servers.databases import url_for
from tests.docs.pages import ROOT
from tests.docs.product import fault_of, settings_known
from tracker.kit.crypto import new_key
from tracker.kit.database import make_engine, unit_of_work
from tracker.kit.settings import load_settings
from tracker.ledger.queries import totals

DEPLOY = ROOT / "deploy"
SERVICES = sorted(path.name for path in (DEPLOY / "systemd").glob("*.service"))
TRACKER = "/opt/tracker/bin/tracker"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """compose.yaml as data."""
    yaml = importlib.import_module("yaml")
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded


def product(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The services that are the product's processes."""
    return {name: one for name, one in compose["services"].items() if "build" in one}


def test_compose_has_every_process_and_no_image_but_these(compose: dict[str, Any]) -> None:
    assert set(product(compose)) == {"migrate", "web", "worker", "scheduler"}
    images = {one["image"] for one in compose["services"].values()}
    assert images == {"partner-cashback-tracker", "postgres:18", "valkey/valkey:9"}
    assert product(compose)["worker"]["deploy"]["replicas"] == 2
    assert set(compose["volumes"]) == {"database", "queue"}


def test_compose_runs_commands_that_exist(compose: dict[str, Any]) -> None:
    for name, one in product(compose).items():
        assert fault_of(one["command"]) == "", name
        assert one["read_only"] is True
        assert one["cap_drop"] == ["ALL"]


def test_the_owners_login_is_for_migrations_alone(compose: dict[str, Any]) -> None:
    for name, one in product(compose).items():
        assert set(one["environment"]) <= set(settings_known())
        assert ("DATABASE_OWNER_URL" in one["environment"]) == (name == "migrate")
        if name != "migrate":
            assert one["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_compose_asks_for_what_its_example_names() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    given = re.findall(r"^(\w+)=", (DEPLOY / "compose.env.example").read_text(), re.M)
    assert asked == set(given)


@pytest.mark.parametrize("name", SERVICES)
def test_units_run_commands_that_exist_as_nobody_special(name: str) -> None:
    lines = unit(name)
    program, *words = shlex.split(lines["ExecStart"])
    assert program == TRACKER
    assert fault_of(words) == ""
    assert (lines["User"], lines["NoNewPrivileges"]) == ("tracker", "yes")
    files = re.findall(r"^EnvironmentFile=(.*)$", source(name), re.M)
    owner = ["/etc/tracker/owner.env"] if name == "tracker-migrate.service" else []
    assert files == ["/etc/tracker/tracker.env", *owner]


def test_the_target_wants_units_that_exist() -> None:
    wanted = unit("tracker.target")["Wants"].split()
    assert {re.sub(r"@\d", "@", name) for name in wanted} < set(SERVICES)


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    """Where systemd is at hand; everywhere they are read as the configuration that they are."""
    for name in (*SERVICES, "tracker.target"):
        runnable = source(name).replace(TRACKER, shlex.quote(sys.executable))
        (tmp_path / name).write_text(runnable)
    analyze = shutil.which("systemd-analyze")
    if analyze:
        paths = [str(tmp_path / name.replace("@", "@1")) for name in SERVICES]
        shutil.copy(tmp_path / "tracker-worker@.service", tmp_path / "tracker-worker@1.service")
        done = subprocess.run(
            [analyze, "verify", *paths], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")


def source(name: str) -> str:
    return (DEPLOY / "systemd" / name).read_text()


def unit(name: str) -> dict[str, str]:
    """A unit's settings; of one that stands twice, the last."""
    return dict(re.findall(r"^(\w+)=(.*)$", source(name), re.M))


def test_the_example_environment_is_one_that_the_product_reads(tmp_path: Path) -> None:
    example = (DEPLOY / "tracker.env.example").read_text()
    told = dict(re.findall(r"^(\w+)=(.*)$", example, re.M))
    named = set(re.findall(r"^#?([A-Z_]+)=", example, re.M))
    assert named == set(settings_known()) - {"TRACKER_CLOCK"}
    load_settings(told | {"TRACKER_SECRET_KEY": new_key()}, tmp_path)


def test_the_image_is_made_of_files_that_are_there() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    copied = [
        name
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for name in line.split()[1:-1]
    ]
    assert {f"!{name}" for name in copied} == {line for line in allowed if line.startswith("!")}
    assert all((ROOT / name).exists() for name in copied)
    assert any("--require-hashes -r requirements.lock" in line for line in lines)
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001"]
    command = next(line.removeprefix("CMD ") for line in lines if line.startswith("CMD"))
    assert fault_of(json.loads(command)) == ""


def test_an_image_keeps_what_the_product_needs_and_no_more() -> None:
    kept = runpy.run_path(str(DEPLOY / "prune.py"))["needed"]()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert names(project["dependencies"]) <= kept
    assert not kept & names(extras["embedded"] + extras["dev"])


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^\w.-]", line)[0] for line in requirements}


def test_the_roles_are_made_as_the_product_wants_them(tmp_path: Path) -> None:
    """By an administrator who is no superuser, as on a managed database."""
    with temporary_servers() as servers:
        postgres = servers.addresses.superuser_url
        run_sql(postgres, ADMINISTRATOR)
        run_sql(login(postgres, "administrator"), roles())
        database = url_for(postgres, "tracker")
        migrations.upgrade(login(database, "tracker_owner"))
        engine = make_engine(login(database, "tracker_login"))
        with unit_of_work(engine) as session:
            who = session.execute(text("SELECT current_user, session_user")).one()
            assert tuple(who) == ("tracker_app", "tracker_login")
            assert totals(session) == {}
        with pytest.raises(ProgrammingError, match="permission denied"), unit_of_work(engine) as s:
            s.execute(text("DELETE FROM ledger_entries"))
        engine.dispose()


ADMINISTRATOR = """
    DROP DATABASE tracker;
    DROP OWNED BY tracker_app;
    DROP ROLE tracker_app, tracker_owner;
    CREATE ROLE administrator LOGIN PASSWORD 'secret' CREATEROLE CREATEDB;
    GRANT CONNECT ON DATABASE postgres TO administrator
"""


def roles() -> str:
    """roles.sql, with what psql would put in."""
    sql = (DEPLOY / "roles.sql").read_text()
    sql = re.sub(r"^(\\getenv|--).*$", "", sql, flags=re.M)
    return re.sub(r":'\w+'", "'secret'", sql)


def run_sql(url: str, statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements.split(";"):
            if statement.strip():
                connection.execute(statement.encode())


def login(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(netloc=f"{name}:secret@"))
