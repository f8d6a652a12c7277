"""`tracker keys …`: the key that seals personal data and secrets, and how it is changed."""

from collections.abc import Iterator, Sequence

import click
from rich.console import Console
from rich.progress import Progress

from tracker.kit.cli import json_option, runtime_of, show
from tracker.kit.crypto import CannotDecrypt, new_key
from tracker.kit.database import unit_of_work
from tracker.kit.resealing import SealedColumn, count_former, reseal
from tracker.kit.runtime import Runtime

_CHUNK = 1_000


def build(columns: Sequence[SealedColumn]) -> click.Group:
    """The commands over every sealed column of the product."""

    @click.group("keys")
    def commands() -> None:
        """The key that seals numbers, addresses and secrets."""

    @commands.command("new")
    def make_key() -> None:
        """Print a fresh key for TRACKER_SECRET_KEY."""
        click.echo(new_key())

    @commands.command("status")
    @json_option
    @click.pass_context
    def status(ctx: click.Context, as_json: bool) -> None:
        """How many rows are sealed under a key that is not the present one."""
        show(_former(runtime_of(ctx), columns), as_json=as_json, title="Under a former key")

    @commands.command("rotate")
    @json_option
    @click.pass_context
    def rotate(ctx: click.Context, as_json: bool) -> None:
        """Seal anew whatever is not sealed under the present key.

        Safe to be stopped, to be run again, and beside a running service.
        """
        runtime = runtime_of(ctx)
        done = {str(column): 0 for column in columns}
        with Progress(console=Console(stderr=True), transient=True) as progress:
            for column in columns:
                task = progress.add_task(f"sealing {column}", total=None)
                for count in _chunks(runtime, column):
                    done[str(column)] += count
                    progress.update(task, completed=done[str(column)])
        show(done, as_json=as_json, title="Sealed anew")

    return commands


def _former(runtime: Runtime, columns: Sequence[SealedColumn]) -> dict[str, int]:
    with unit_of_work(runtime.engine) as session:
        return {
            str(column): count_former(session, runtime.settings.keys, column) for column in columns
        }


def _chunks(runtime: Runtime, column: SealedColumn) -> Iterator[int]:
    """Each chunk is a unit of work of its own, so that nobody waits long for a row."""
    after = 0
    while True:
        try:
            with unit_of_work(runtime.engine) as session:
                chunk = reseal(session, runtime.settings.keys, column, after=after, limit=_CHUNK)
        except CannotDecrypt as error:
            raise click.ClickException(
                f"{column}: some rows are sealed under a key that this process was not given;"
                " name it in TRACKER_FORMER_KEYS"
            ) from error
        if chunk is None:
            return
        after, count = chunk
        yield count
