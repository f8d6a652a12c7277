"""The console script's exit codes: 0, 1 for a task that failed, 2 for bad usage."""

from collections.abc import Callable

import click
import pytest
from redis.exceptions import RedisError
from sqlalchemy.exc import DataError, OperationalError

from tracker.kit.cli import run
from tracker.kit.errors import Conflict


def exit_code(monkeypatch: pytest.MonkeyPatch, task: Callable[[click.Context], object]) -> int:
    monkeypatch.setattr("sys.argv", ["tracker"])
    try:
        run(click.Command("task", callback=click.pass_context(task)))
    except SystemExit as error:
        return int(error.code or 0)
    return 0


def fail(error: Exception) -> Callable[[click.Context], object]:
    def task(_: click.Context) -> None:
        raise error

    return task


@pytest.mark.parametrize(
    ("task", "code"),
    [
        (lambda _: None, 0),
        (lambda ctx: ctx.exit(0), 0),
        (lambda ctx: ctx.exit(1), 1),
        (fail(Conflict("no")), 1),
        (fail(click.ClickException("no")), 1),
        (fail(click.UsageError("no")), 2),
        (fail(click.Abort()), 130),
        (fail(OperationalError("SELECT", {}, Exception("no server"))), 1),
        (fail(DataError("SELECT", {}, Exception("bigint out of range"))), 1),
        (fail(UnicodeEncodeError("utf-8", "\udcff", 0, 1, "a byte that is no text")), 1),
        (fail(RedisError("no Redis")), 1),
    ],
)
def test_how_a_task_ends_is_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, task: Callable[[click.Context], object], code: int
) -> None:
    assert exit_code(monkeypatch, task) == code
