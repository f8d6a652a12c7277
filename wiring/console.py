"""The console script: every command, and the processes that commands start.

The web service's routes are not among what it reads in: a command need not wait for them.
"""

import os
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

import click

import migrations
from tracker.kit import processes, tasks
from tracker.kit.cli import run
from tracker.kit.runtime import Runtime
from wiring.commands import COMMANDS
from wiring.tools import (
    DATA,
    DEFAULT_DATA,
    LONG_TASKS,
    runtime_from,
    see_the_key,
    settings_of_process,
)
from wiring.work import due_work, tasks_of

SWEEP_SECONDS = 1.0


@cache
def _tools_of_command() -> Runtime:
    return runtime_from(settings_of_process(), connections=2)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar=DATA,
    default=DEFAULT_DATA,
    show_default=True,
    help="The folder of a running stack; DATABASE_URL and REDIS_URL go first.",
)
@click.version_option(package_name="partner-cashback-tracker")
@click.pass_context
def cli(ctx: click.Context, data: Path) -> None:
    """Partner-cashback tracker: from a shop's webhook to a paid phone balance."""
    os.environ[DATA] = str(data)
    ctx.obj = _tools_of_command


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--processes", "count", default=2, show_default=True, help="About one for each core.")
def serve(host: str, port: int, count: int) -> None:
    """The web service."""
    see_the_key(settings_of_process())
    if settings_of_process().door == "loop":
        processes.serve_on_loop(
            "wiring.start:on_the_loop", address=host, port=port, processes=count
        )
    else:
        processes.serve("wiring.start:application", address=host, port=port, processes=count)


@cli.command()
@click.option("--burst", is_flag=True, help="Stop when the queue is empty.")
def worker(burst: bool) -> None:
    """A worker: books events, ends holds, pays, sends messages. Start as many as are needed."""
    see_the_key(settings_of_process())
    tools = runtime_from(settings_of_process(), connections=2)
    redis = tasks.connect_redis(tools.settings.redis_url)
    tasks.install(redis, tasks_of(tools), LONG_TASKS)
    tasks.work(redis, burst=burst)


@cli.command()
def scheduler() -> None:
    """The sweeper and the calendar: nudges the workers for whatever waits or has come due."""
    tools = runtime_from(settings_of_process(), connections=1)
    processes.keep_nudging(tools, due_work(tools.settings), every=SWEEP_SECONDS)


@cli.group()
def db() -> None:
    """The database's schema."""


@db.command()
def upgrade() -> None:
    """Bring the schema up to date, as its owner. Safe to run twice and at the same time."""
    migrations.upgrade(settings_of_process().database_owner_url)


for _command in COMMANDS:
    cli.add_command(_command)


def _accept_data_everywhere(command: click.Command) -> None:
    """Let `--data` stand behind the command as well, where people write it."""
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            _accept_data_everywhere(inner)
    elif all(option.name != "data" for option in command.params):
        command.params.append(
            click.Option(
                ["--data"],
                type=click.Path(file_okay=False),
                expose_value=False,
                is_eager=True,
                callback=_note_data,
                help="The folder of a running stack.",
            )
        )


def _note_data(_: click.Context, __: click.Parameter, value: str | None) -> None:
    if value is not None:
        os.environ[DATA] = value


def main() -> None:
    """The console script; packages may add commands by the entry point `tracker.commands`."""
    for point in entry_points(group="tracker.commands"):
        for command in point.load():
            cli.add_command(command)
    _accept_data_everywhere(cli)
    run(cli)
