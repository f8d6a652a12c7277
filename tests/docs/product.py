"""What the product understands: its commands with their options, and its settings."""

from collections.abc import Iterator, Sequence
from typing import Any

import click

import sandbox.cli
import wsgi
from tracker.kit import settings


def settings_known() -> dict[str, Any]:
    """All settings by the names that an operator uses, with their defaults; a mark for none."""
    fields = settings._SettingsSchema().fields.values()
    return {str(field.data_key): field.load_default for field in fields}


def fault_of(words: Sequence[str]) -> str:
    """What is wrong with the words after ``tracker``; empty when nothing is.

    Commands and options are looked at, the values of options and arguments are not.
    """
    command: click.Command = wsgi.cli
    path = "tracker"
    ahead = iter(words)
    for word in ahead:
        if word.startswith("-"):
            option = _option(command, word.partition("=")[0])
            if option is None:
                return f"{path} has no option {word}"
            if not option.is_flag and "=" not in word:
                next(ahead, None)
        elif isinstance(command, click.Group):
            inner = {str(one.name): one for one in _commands(command)}
            if word not in inner:
                return f"{path} has no command {word}"
            command, path = inner[word], f"{path} {word}"
    return ""


def _commands(group: click.Group) -> Iterator[click.Command]:
    yield from group.commands.values()
    if group is wsgi.cli:
        yield from sandbox.cli.commands


def _option(command: click.Command, name: str) -> click.Option | None:
    for one in command.get_params(click.Context(command)):
        if isinstance(one, click.Option) and name in (*one.opts, *one.secondary_opts):
            return one
    return None
