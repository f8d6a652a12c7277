"""The composition root: settings → engine, Redis, gateways → Flask app, commands, workers."""

import click


@click.group()
def main() -> None:
    """Partner-cashback tracker."""
