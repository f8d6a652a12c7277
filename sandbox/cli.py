"""The sandbox's commands; they join the console script by an entry point."""

import click

commands: list[click.Command] = []
