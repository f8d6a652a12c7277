"""The sandbox's commands; they join the console script by an entry point."""

import click

from sandbox.billing.cli import sandbox
from sandbox.demo.cli import up
from sandbox.replay.cli import replay

commands: list[click.Command] = [
    up,
    replay,
    sandbox,
]
