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
from sandbox.replay.dataset import load_dataset
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
    "SMS_URL",
    "MAIL_URL",
    "TRACKER_SECRET_KEY",
    "TRACKER_FORMER_KEYS",
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
            with _progress() as progress, _stack(url, progress) as address, _folder() as folder:
                replaying = Replay(dataset, Commands(ctx), address, manner, progress)
                tally, read = replaying.run(folder)
        except Interrupted as error:
            raise click.Abort from error
    summary, undone = summary_of(tally, read), list(left_undone(tally, read))
    if as_json:
        print_json(summary.figures)
    else:
        show(_for_people(summary), as_json=False, title=f"Replay of {file.name}")
    for sentence in undone:
        click.echo(sentence, err=True)
    if undone:
        ctx.exit(1)


def _progress() -> Progress:
    """Bars for whoever watches a terminal; standard output is for the figures."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description:10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
        redirect_stdout=False,
    )


@contextmanager
def _stack(url: str | None, progress: Progress) -> Iterator[str]:
    """The address of the product: the one given, or a fresh stack's until the block ends."""
    if url is not None:
        yield url
        return
    for name in _DEPLOYMENT:
        os.environ.pop(name, None)
    starting = progress.add_task("starting", total=None)
    with _folder() as data, Stack(data, scheduler=False) as stack:
        progress.remove_task(starting)
        os.environ.update(stack.environ)  # the commands of this process find it
        yield stack.url


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder until the block ends. Others may pass: the servers may have an account of theirs."""
    with tempfile.TemporaryDirectory(prefix="tracker-replay-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


def _for_people(summary: Summary) -> dict[str, str]:
    sums = {name: f"{format_rubles(getattr(summary, name))} RUB" for name in MONEY}
    return {name: sums.get(name, str(value)) for name, value in summary.figures.items()}
