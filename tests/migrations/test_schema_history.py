"""The schema's history: one line, up and down and up, the same as the models at its end."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

import migrations
import wsgi
from tests.migrations.catalogue import everything, objects
from tracker.kit.database import Base, make_engine

ENVIRONMENT = Path(migrations.__file__).parent / "env.py"


def test_there_is_one_head_and_every_step_has_a_way_back() -> None:
    history = ScriptDirectory.from_config(migrations.config(""))
    assert len(history.get_heads()) == 1
    steps = list(history.walk_revisions())
    assert [step.revision for step in reversed(steps)] == [
        f"{number:04d}" for number in range(1, len(steps) + 1)
    ]
    assert all(hasattr(step.module, "downgrade") for step in steps)


def test_up_down_and_up_again(empty_database: Callable[[], str]) -> None:
    url = empty_database()
    migrations.upgrade(url)
    first = everything(url)
    migrations.downgrade(url, "base")
    assert everything(url) == {}
    migrations.upgrade(url)
    assert everything(url) == first


def test_every_step_alone_goes_up_down_and_up(empty_database: Callable[[], str]) -> None:
    url = empty_database()
    history = ScriptDirectory.from_config(migrations.config(""))
    for step in reversed(list(history.walk_revisions())):
        before, below = everything(url), str(step.down_revision or "base")
        migrations.upgrade(url, step.revision)
        after = everything(url)
        migrations.downgrade(url, below)
        assert everything(url) == before
        migrations.upgrade(url, step.revision)
        assert everything(url) == after


def test_upgrading_what_is_up_to_date_changes_nothing(migrated: str) -> None:
    before = everything(migrated)
    migrations.upgrade(migrated)
    assert everything(migrated) == before


def test_two_upgrades_at_once_are_one(empty_database: Callable[[], str]) -> None:
    url = empty_database()
    upgrade = "import sys, migrations; migrations.upgrade(sys.argv[1])"
    running = [subprocess.Popen([sys.executable, "-c", upgrade, url]) for _ in range(2)]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_the_models_say_what_the_migrations_made(
    migrated: str, empty_database: Callable[[], str]
) -> None:
    """Down to every name, type, collation, default, CHECK and index, as PostgreSQL tells them."""
    assert wsgi.cli.commands, "all rooms are imported"
    from_models = empty_database()
    engine = make_engine(from_models, role=None)
    Base.metadata.create_all(engine)
    engine.dispose()
    assert objects(from_models) == objects(migrated)


_PARTITIONS = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relispartition"


def test_alembic_sees_no_difference_either(migrated: str) -> None:
    engine = create_engine(migrated)
    with engine.connect() as connection:
        partitions = set(connection.scalars(text(_PARTITIONS)))
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "include_name": lambda name, *_: name not in partitions,
            },
        )
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


@pytest.fixture
def another_history(tmp_path: Path) -> Callable[[str, str], None]:
    """Runs one statement as a migration, under the product's own environment."""
    (tmp_path / "env.py").write_text(ENVIRONMENT.read_text())
    versions = tmp_path / "versions"
    versions.mkdir()

    def run(url: str, statement: str) -> None:
        (versions / "a.py").write_text(
            "from alembic import op\n"
            "revision, down_revision = 'a', None\n"
            f"def upgrade():\n    op.execute({statement!r})\n"
        )
        config = Config()
        config.set_main_option("script_location", str(tmp_path))
        config.attributes["owner_url"] = url
        command.upgrade(config, "head")

    return run


def test_a_migration_gives_up_before_traffic_queues_behind_it(
    empty_database: Callable[[], str], another_history: Callable[[str, str], None]
) -> None:
    url = empty_database()
    another_history(url, "CREATE TABLE seen AS SELECT current_setting('lock_timeout') AS given")
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT given FROM seen").fetchone() == ("5s",)


def test_what_it_had_done_until_then_is_undone(
    empty_database: Callable[[], str], another_history: Callable[[str, str], None]
) -> None:
    url = empty_database()
    with psycopg.connect(url) as traffic:
        traffic.execute("CREATE TABLE busy (id integer)")
        traffic.commit()
        traffic.execute("LOCK TABLE busy IN ACCESS SHARE MODE")
        statements = (
            "CREATE TABLE new (id integer); SET LOCAL lock_timeout = '100ms'; DROP TABLE busy"
        )
        with pytest.raises(OperationalError, match="lock timeout"):
            another_history(url, statements)
        traffic.rollback()
        tables = traffic.execute("SELECT relname FROM pg_class WHERE relname IN ('busy', 'new')")
        assert tables.fetchall() == [("busy",)]
