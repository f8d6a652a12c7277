"""The sandbox's commands; they join the console script by an entry point."""

import click

from sandbox.billing.cli import sandbox
from sandbox.demo.cli import up
from sandbox.messages.cli import messages, telecom
from sandbox.replay.cli import replay

sandbox.add_command(telecom)
sandbox.add_command(messages)

commands: list[click.Command] = [
    up,
    replay,
    sandbox,
]
