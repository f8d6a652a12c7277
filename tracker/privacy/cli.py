"""`tracker keys …`: the key that seals personal data and secrets, and how it is changed."""

from collections.abc import Iterator, Sequence

import click
from rich.console import Console
from rich.progress import Progress

from tracker.kit.cli import json_option, runtime_of, show
from tracker.kit.crypto import CannotDecrypt, new_key
from tracker.kit.database import unit_of_work
from tracker.kit.resealing import HashedColumn, SealedColumn, count_bound, count_former, reseal
from tracker.kit.runtime import Runtime

_CHUNK = 1_000


def build(columns: Sequence[SealedColumn], hashed: Sequence[HashedColumn]) -> click.Group:
    """The commands over every column of the product that is sealed, or hashed with the key."""

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
        """How many rows are sealed, or were hashed, under a key that is not the present one.

        What was hashed alone cannot be made anew: codes that members were shown, salons' keys until
        they are used again, numbers of those who have left. As long as it is to be of use, the
        former key stays in TRACKER_FORMER_KEYS.
        """
        found = _former(runtime_of(ctx), columns) | _bound(runtime_of(ctx), hashed)
        show(found, as_json=as_json, title="Under a former key")

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


def _bound(runtime: Runtime, hashed: Sequence[HashedColumn]) -> dict[str, int]:
    with unit_of_work(runtime.engine) as session:
        return {
            str(column): count_bound(session, runtime.settings.keys, column) for column in hashed
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
