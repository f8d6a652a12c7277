"""``tracker sandbox telecom`` serves; ``tracker sandbox messages`` reads what was delivered."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from sandbox.messages.addresses import MAIL_URL, SMS_URL
from sandbox.messages.faults import Script, ScriptUnreadable, read_script
from sandbox.messages.store import Delivered, delivered
from tracker.kit.cli import harmless, json_option, print_json
from tracker.kit.providers import MailServer, SmsCentre, mail_server_from, sms_centre_from

_DIRECTORY = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, exists=True, path_type=Path)
_data_option = click.option(
    "--data", type=_DIRECTORY, envvar="TRACKER_DATA", default=".tracker", show_default=True
)

T = TypeVar("T")


@click.command()
@click.option("--sms", envvar="SMS_URL", default=SMS_URL, show_default=True)
@click.option("--mail", envvar="MAIL_URL", default=MAIL_URL, show_default=True)
@_data_option
@click.option("--faults", type=_FILE, help='JSON: {"rules": [{"action": …, "on": "sms"}, …]}.')
@click.option("--certificate", type=_FILE, help="PEM with its key, for addresses with TLS.")
def telecom(sms: str, mail: str, data: Path, faults: Path | None, certificate: Path | None) -> None:
    """Serve an SMS centre and a mail server until Ctrl-C.

    They listen where the product's own settings (SMS_URL, MAIL_URL) say, and let in whom those
    name. Prints "ready URL URL" when they take calls; a port of 0 means a free one. What they
    deliver is kept in DATA/messages.sqlite3; see `tracker sandbox messages`.
    """
    # Every command of `tracker` imports this module; aiosmtpd takes 0.1 s, and is not installed
    # where the product runs in earnest.
    server = importlib.import_module("sandbox.messages.server")
    config = server.Config(data.resolve(), _sms(sms), _mail(mail), _script(faults), certificate)
    try:
        server.serve(config)
    except server.PortTaken as error:
        raise click.ClickException(str(error)) from error


@click.command()
@click.option("--to", metavar="PHONE|ADDRESS", help="Only what this recipient got.")
@click.option("--last", is_flag=True, help="The newest alone; exit 1 when there is none.")
@_data_option
@json_option
def messages(to: str | None, data: Path, *, last: bool, as_json: bool) -> None:
    """What the sandbox's SMS centre and mail server have delivered, oldest first.

    This is how a code is read on a local stack: tracker sandbox messages --to +79001234567 --last
    """
    found = delivered(data, to, last=last)
    if last and not found:
        raise click.ClickException("nothing was delivered")
    if as_json:
        shown = [_figures(one) for one in found]
        print_json(shown[0] if last else shown)
        return
    for one in found:
        click.echo(_for_people(one))
    if not found:
        click.echo("nothing was delivered")


def _figures(one: Delivered) -> dict[str, object]:
    return {
        "kind": one.kind,
        "at": one.at,
        "to": one.recipient,
        "from": one.sender,
        "subject": one.subject,
        "text": one.text,
        "reference": one.reference,
        "parts": one.parts,
    }


def _for_people(one: Delivered) -> str:
    lines = [one.subject] if one.subject else []
    lines += one.text.rstrip("\n").split("\n")
    head = f"{one.at:%Y-%m-%d %H:%M:%S}Z {one.kind} to {one.recipient} from {one.sender}"
    return harmless("\n    ".join([head, *lines]))


def _sms(text: str) -> SmsCentre:
    return _read(sms_centre_from, text, "--sms")


def _mail(text: str) -> MailServer:
    return _read(mail_server_from, text, "--mail")


def _script(path: Path | None) -> Script:
    if path is None:
        return Script()
    try:
        return read_script(path)
    except ScriptUnreadable as error:
        raise click.BadParameter(str(error), param_hint="--faults") from error


def _read(parse: Callable[[str], T], text: str, option: str) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from error
