"""``tracker up``: the whole stack in the foreground."""

import math
import os
import sys
import time
from pathlib import Path

import click

from sandbox.demo.memory import Memory
from sandbox.demo.show import SPEED, START, Demonstration
from sandbox.demo.words import command_of, where_to_look, where_to_look_in_demo
from sandbox.stack import Stack
from sandbox.stack.interruption import Interrupted, Interruptible
from sandbox.stack.tending import Tending
from tracker.kit.clock import MOSCOW, ScaledClock
from tracker.kit.errors import TrackerError

_DIRECTORY = click.Path(file_okay=False, path_type=Path)
_STEP = 0.2


class FolderOfDemo(TrackerError):
    """A folder that a demonstration has filled is not to be gone on with at real time."""

    code = "folder_of_demo"


@click.command("up")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option(
    "--data",
    type=_DIRECTORY,
    envvar="TRACKER_DATA",
    default=".tracker",
    show_default=True,
    help="Where all that the stack keeps is kept.",
)
@click.option(
    "--demo", is_flag=True, help="Sample catalogue, live traffic, a business day a second."
)
@click.option("--for", "seconds", type=click.FloatRange(min=0), help="Stop after so many seconds.")
@click.option(
    "--rate",
    type=click.FloatRange(1, 100),
    default=30.0,
    show_default=True,
    help="Events a second in the demonstration.",
)
def up(port: int, data: Path, demo: bool, seconds: float | None, rate: float) -> None:
    """The whole stack in the foreground, on embedded servers, until Ctrl-C.

    Prints "ready URL" when it takes traffic. A port of 0 means a free one. What DATABASE_URL,
    REDIS_URL, BILLING_URL, SMS_URL or MAIL_URL name is used instead of a server of its own.
    Meanwhile every command run with the same --data finds it.
    """
    lasting = math.inf if seconds is None else seconds
    with Interruptible() as wishes:
        try:
            if demo:
                fine = _demonstrate(data, port, lasting, rate, wishes)
            else:
                fine = _stay(data, port, lasting)
        except Interrupted:
            fine = True
    sys.exit(0 if fine else 1)


def _stay(data: Path, port: int, seconds: float) -> bool:
    if Memory.is_in(data):
        raise FolderOfDemo(
            f"{data} holds a demonstration, whose business time is not the real one:"
            " go on with --demo, or name another folder with --data"
        )
    with Stack(data, port=port) as stack:
        _say_ready(stack)
        click.echo(where_to_look(stack.url, command_of(sys.argv[0], stack.data), stack.data))
        tending = Tending(stack, click.echo)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            tending.look()
            time.sleep(_STEP)
    return True


def _demonstrate(data: Path, port: int, seconds: float, rate: float, wishes: Interruptible) -> bool:
    memory = Memory.of(data, START)
    clock = ScaledClock(memory.moment, SPEED, time.time())
    # A night is over in half a second, and whoever looks once a second may see nothing but nights.
    environ = {"QUIET_HOURS": "", **os.environ}
    with Stack(data, port=port, clock=str(clock), environ=environ) as stack:
        _say_ready(stack)
        until = time.monotonic() + seconds
        demonstration = Demonstration(stack, memory, clock, rate=rate)
        demonstration.prepare()
        command = command_of(sys.argv[0], stack.data)
        first = _first_of_next_month(clock)
        click.echo(where_to_look_in_demo(stack.url, command, stack.data, memory.tokens, first))
        try:
            demonstration.go_on(until - time.monotonic())
        except Interrupted:
            wishes.listen_again()
        return demonstration.sum_up()


def _say_ready(stack: Stack) -> None:
    click.echo(f"ready {stack.url}")


def _first_of_next_month(clock: ScaledClock) -> str:
    """The period that is paid next."""
    today = clock.now().astimezone(MOSCOW)
    months = today.year * 12 + today.month
    return f"{months // 12:04d}-{months % 12 + 1:02d}"
