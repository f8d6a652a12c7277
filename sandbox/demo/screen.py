"""The board for people: a live table at a terminal, plain lines in a log or a pipe."""

import time
from collections.abc import Sequence
from typing import Protocol, Self

import click
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from sandbox.demo.board import Board, day_of, rub, standing

_LINE_EVERY = 5.0
_BAR = 40
_COLOURS = {"paid": "blue", "withheld": "yellow", "failed": "red"}
"""Of payouts by their states; the others are still on their way."""


class Screen(Protocol):
    """Shows the board; a context manager."""

    def show(self, board: Board) -> None:
        """To be called several times a second."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def screen_for(console: Console) -> Screen:
    """What suits the place where the output goes."""
    lively = console.is_terminal and not console.is_dumb_terminal
    return LiveScreen(console) if lively else PlainScreen()


class PlainScreen:
    """News when there are some, and a line of figures every few seconds."""

    def __init__(self) -> None:
        self._next_line = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def show(self, board: Board) -> None:
        for text in board.new_lines():
            click.echo(f"{board.moment:%Y-%m-%d}  {text}")
        if time.monotonic() >= self._next_line:
            click.echo(line_of(board))
            self._next_line = time.monotonic() + _LINE_EVERY


class LiveScreen:
    """A table that is drawn again and again; news scroll by above it."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, board: Board) -> None:
        for text in board.new_lines():
            self._live.console.print(Text(f"{day_of(board.moment)}  {text}"), highlight=False)
        self._live.update(panel_of(board), refresh=True)


def line_of(board: Board) -> str:
    """The board in one line."""
    now, tally = board.figures, board.tally
    return (
        f"{board.moment:%Y-%m-%d}  events {tally.accepted} +{tally.duplicates} duplicates"
        f" | purchases {now.pending} pending, {now.confirmed} confirmed, {now.rejected} rejected"
        f" | {rub(now.pending_sum)} pending, {rub(now.available_sum)} available,"
        f" {rub(now.paid_sum)} paid out | inbox {now.waiting}"
    )


def panel_of(board: Board) -> Panel:
    """The board as a table with bars."""
    table = Table.grid(padding=(0, 2))
    for name, value in _rows(board):
        table.add_row(Text(name, style="cyan"), value)
    title = f"{day_of(board.moment)} · a day a second · {board.url}"
    return Panel(table, title=title, subtitle="Ctrl-C stops everything", expand=False)


def _rows(board: Board) -> list[tuple[str, Text | Group]]:
    now, tally = board.figures, board.tally
    events = f"{tally.accepted} accepted, {tally.duplicates} duplicates"
    if tally.sent_again or tally.refused:
        events += f", {tally.sent_again} sent again, {tally.refused} refused"
    return [
        ("webhooks", Text(f"{events}; {now.waiting} in the inbox")),
        ("purchases", _purchases(board)),
        ("cashback", _cashback(board)),
        ("1st of the month", _month(board)),
    ]


def _purchases(board: Board) -> Group:
    now = board.figures
    parts = ((now.pending, "yellow"), (now.confirmed, "green"), (now.rejected, "red"))
    words = Text.assemble(
        (f"{now.pending} pending", "yellow"),
        " → ",
        (f"{now.confirmed} confirmed", "green"),
        ", ",
        (f"{now.rejected} rejected", "red"),
        f"; {now.nobodys} nobody's",
    )
    return Group(_stacked(parts), words)


def _cashback(board: Board) -> Group:
    now = board.figures
    parts = (
        (now.pending_sum, "yellow"),
        (max(0, now.available_sum) + now.in_flight_sum, "green"),
        (now.paid_sum, "blue"),
    )
    words = Text.assemble(
        (f"{rub(now.pending_sum)} pending", "yellow"),
        " → ",
        (f"{rub(now.available_sum)} available", "green"),
        " → ",
        (f"{rub(now.paid_sum)} paid out", "blue"),
    )
    return Group(_stacked(parts), words)


def _month(board: Board) -> Group:
    month = board.month
    if month is None:
        return Group(Text("the first run is prepared when business time gets there"))
    bar = _stacked(
        [(one.count, _COLOURS.get(one.state, "bright_black")) for one in month.outcome]
        or [(1, "bright_black")]
    )
    return Group(bar, Text(f"{month.period} {month.state}: {standing(month.outcome)}"))


def _stacked(parts: Sequence[tuple[int, str]]) -> Text:
    """A bar whose colours share its width as the parts share their sum."""
    whole = sum(size for size, _ in parts) or 1
    bar = Text()
    done = 0
    for size, colour in parts:
        begins, ends = _BAR * done // whole, _BAR * (done + size) // whole
        bar.append("━" * (ends - begins), style=colour)
        done += size
    return bar
