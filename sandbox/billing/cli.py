"""``tracker sandbox billing`` and ``registry``: the operator's stand-ins, in the foreground."""

import secrets
import time
from pathlib import Path

import click

from sandbox.billing.faults import Script
from sandbox.billing.registry import RegistryDesk
from sandbox.billing.script import ScriptUnreadable, read_script
from sandbox.billing.server import Config, PortTaken, serve
from sandbox.billing.store import Store
from sandbox.billing.telling import Caller
from tracker.kit.clock import Clock, clock_from

_DIRECTORY = click.Path(file_okay=False, path_type=Path)
_LOOK_EVERY = 0.2
_FILE = click.Path(dir_okay=False, exists=True, path_type=Path)


@click.group()
def sandbox() -> None:
    """Stand-ins for the outside world; never needed in production."""


@sandbox.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True)
@click.option(
    "--data", type=_DIRECTORY, envvar="TRACKER_DATA", default=".tracker", show_default=True
)
@click.option("--faults", type=_FILE, help="A fault script; see docs/billing-faults.md.")
@click.option("--token", envvar="BILLING_TOKEN", help="The bearer token; by default a new one.")
@click.option("--callback-url", default="", help="Where outcomes are told to by callbacks.")
@click.option("--callback-token", envvar="BILLING_CALLBACK_TOKEN", default="")
@click.option("--clock", envvar="TRACKER_CLOCK", default="", help="Business time; default: now.")
def billing(
    *,
    port: int,
    data: Path,
    faults: Path | None,
    token: str | None,
    callback_url: str,
    callback_token: str,
    clock: str,
) -> None:
    """Serve the operator's billing until Ctrl-C.

    Prints "ready URL" when it takes calls. Keeps its books in DATA/billing.sqlite3.
    A port of 0 means a free one. Settings: BILLING_TOKEN,
    BILLING_CALLBACK_TOKEN, TRACKER_CLOCK, TRACKER_DATA.
    """
    _clock(clock)
    script = _script(faults)
    if not token:
        token = secrets.token_urlsafe(24)
        click.echo(f"token {token}")
    try:
        caller = Caller(callback_url, callback_token)
        serve(Config(data.resolve(), port, token, clock, script, caller))
    except PortTaken as error:
        raise click.ClickException(str(error)) from error


@sandbox.command()
@click.option("--folder", type=_DIRECTORY, required=True, help="It has out/ and in/.")
@click.option(
    "--data", type=_DIRECTORY, envvar="TRACKER_DATA", default=".tracker", show_default=True
)
@click.option("--faults", type=_FILE, help="A fault script; see docs/billing-faults.md.")
@click.option("--clock", envvar="TRACKER_CLOCK", default="", help="Business time; default: now.")
def registry(folder: Path, data: Path, faults: Path | None, clock: str) -> None:
    """Be an operator that takes registries (docs/registries.md), until Ctrl-C.

    Takes files from FOLDER/out, pays in DATA/billing.sqlite3, puts acknowledgements and the
    statements of days that are over into FOLDER/in.
    """
    moment = _clock(clock)
    store = Store(data.resolve(), moment, tells=True)
    desk = RegistryDesk(folder, store, _script(faults), moment)
    click.echo(f"watching {folder / 'out'}")
    while True:
        desk.look()
        time.sleep(_LOOK_EVERY)


def _clock(text: str) -> Clock:
    try:
        return clock_from(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--clock") from error


def _script(path: Path | None) -> Script:
    if path is None:
        return Script()
    try:
        return read_script(path)
    except ScriptUnreadable as error:
        raise click.BadParameter(str(error), param_hint="--faults") from error
