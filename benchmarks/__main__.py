"""`python -m benchmarks`, or `make bench`: figures beside floors of the same run."""

import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import click

from benchmarks import (
    booking,
    catalogue,
    certificates,
    clicks,
    door,
    endtoend,
    history,
    reports,
    settlement,
    statements,
)
from benchmarks.legs import Figure
from benchmarks.report import document, show
from benchmarks.sizes import FULL, QUICK, Sizes
from benchmarks.stack import Stack, cores, fresh_stack
from sandbox.servers import temporary_servers
from tracker.kit.logs import set_up_logs

BENCHMARKS: Mapping[str, Callable[[Stack, Sizes], list[Figure]]] = {
    "door": door.measure,
    "booking": booking.measure,
    "end-to-end": endtoend.measure,
    "settlement": settlement.measure,
    "history": history.measure,
    "clicks": clicks.measure,
    "catalogue": catalogue.measure,
    "certificates": certificates.measure,
    "statements": statements.measure,
    "reports": reports.measure,
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHMARKS)))
@click.option("--json", "as_json", is_flag=True, help="Print figures as JSON.")
@click.option("--quick", is_flag=True, help="Small legs: to see that it works, within a minute.")
@click.option(
    "--scale", type=click.FloatRange(min=0, min_open=True), default=1.0, help="Size of the legs."
)
@click.option("--rounds", type=click.IntRange(min=1), help="Of legs  [default: 5; quick: 2].")
def main(
    names: Sequence[str], as_json: bool, quick: bool, scale: float, rounds: int | None
) -> None:
    """Measure NAMES (default: all), each beside its floor, on embedded servers of their own."""
    set_up_logs("WARNING")
    sizes = (QUICK if quick else FULL).scaled(scale)
    sizes = replace(sizes, rounds=rounds or sizes.rounds)
    figures: list[Figure] = []
    with temporary_servers(durable=True) as servers:
        for name in names or BENCHMARKS:
            # A database of its own for each: what one leaves behind must not slow the next.
            with fresh_stack(servers, name) as stack:
                figures += BENCHMARKS[name](stack, sizes)
    if as_json:
        click.echo(json.dumps(document(figures, _machine()), indent=2))
    else:
        show(figures, _machine())


def _machine() -> dict[str, Any]:
    return {"cores": cores(), "python": platform.python_version(), "system": platform.system()}


if __name__ == "__main__":
    main()
