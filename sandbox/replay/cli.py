"""`tracker replay`."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sandbox.replay.commands import Commands
from sandbox.replay.dataset import Dataset, load_dataset
from sandbox.replay.driver import Manner, Replay
from sandbox.replay.summary import MONEY, Summary, left_undone, summary_of
from sandbox.stack import Stack
from sandbox.stack.interruption import Interrupted, Interruptible
from tracker.kit.cli import json_option, print_json, show
from tracker.kit.money import format_rubles

_DEPLOYMENT = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "BILLING_URL",
    "BILLING_TOKEN",
    "TRACKER_SECRET_KEY",
    "TRACKER_CLOCK",
)
"""Settings that name a deployment: a stack of one's own must not hear of them."""


@click.command("replay")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--copies", type=click.IntRange(min=1), default=1, show_default=True, help="Of every event."
)
@click.option("--shuffle", type=int, metavar="SEED", help="Another order within each day.")
@click.option(
    "--url",
    metavar="URL",
    help="Use the fresh stack that listens there, found by --data or its settings; it needs "
    "workers, and no scheduler.",
)
@json_option
@click.pass_context
def replay(
    ctx: click.Context,
    file: Path,
    *,
    copies: int,
    shuffle: int | None,
    url: str | None,
    as_json: bool,
) -> None:
    """Replay a FILE of real invoices as a month of webhooks, and what follows.

    Starts a fresh stack of its own unless --url names one. Sends the events of one day at a time,
    signed, over HTTP; waits until the inbox is empty; ends the holds as of that midnight; pays on
    each 1st; goes on day by day until every hold is over. Copies and order change no kopeck.

    FILE is CSV, plain or gzipped: InvoiceNo, StockCode, Description, Quantity, InvoiceDate,
    UnitPrice, CustomerID, Country.
    """
    dataset = load_dataset(file)
    manner = Manner(copies, shuffle)
    with Interruptible():
        try:
            with _stack(url) as address:
                summary, undone = _replayed(dataset, Commands(ctx), address, manner)
        except Interrupted as error:
            raise click.Abort from error
    if as_json:
        print_json(summary.figures)
    else:
        show(_for_people(summary), as_json=False, title=f"Replay of {file.name}")
    for sentence in undone:
        click.echo(sentence, err=True)
    if undone:
        ctx.exit(1)


def _replayed(
    dataset: Dataset, commands: Commands, url: str, manner: Manner
) -> tuple[Summary, list[str]]:
    """The figures, and what ought not to be left."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:10}"), BarColumn(), MofNCompleteColumn())
    with (
        Progress(
            *columns,
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
            redirect_stdout=False,
        ) as progress,
        tempfile.TemporaryDirectory(prefix="tracker-replay-") as folder,
    ):
        tally, read = Replay(dataset, commands, url, manner, progress).run(Path(folder))
    return summary_of(tally, read), list(left_undone(tally, read))


@contextmanager
def _stack(url: str | None) -> Iterator[str]:
    """The address of the product: the one given, or a fresh stack's until the block ends."""
    if url is not None:
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="tracker-replay-") as folder:
        data = Path(folder)
        data.chmod(0o711)  # the servers may have an account of their own
        for name in _DEPLOYMENT:
            os.environ.pop(name, None)
        with Stack(data, scheduler=False) as stack:
            os.environ.update(stack.environ)  # the commands of this process find it
            yield stack.url


def _for_people(summary: Summary) -> dict[str, str]:
    sums = {name: f"{format_rubles(getattr(summary, name))} RUB" for name in MONEY}
    return {name: sums.get(name, str(value)) for name, value in summary.figures.items()}
