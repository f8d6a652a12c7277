"""`tracker ledger …`"""

from collections.abc import Callable, Iterator, Mapping

import click
from sqlalchemy.orm import Session

from tracker.kit.cli import json_option, print_json, runtime_of, show, show_rows
from tracker.kit.database import snapshot
from tracker.ledger.queries import totals
from tracker.ledger.rules import Difference

Proof = Callable[[Session], Iterator[Difference]]
"""A room's part of the proof: what it holds, recomputed."""

_SHOWN = 200


def build(proofs: Mapping[str, Proof]) -> click.Group:
    """The commands, over the proofs of all rooms that hold money."""

    @click.group("ledger")
    def commands() -> None:
        """The books."""

    @commands.command("proof")
    @json_option
    @click.pass_context
    def proof(ctx: click.Context, as_json: bool) -> None:
        """Recompute everything from the entries, the inbox and the payouts.

        Exit code 1 and a table of differences when one kopeck is off.
        """
        with snapshot(runtime_of(ctx).engine) as session:
            found = [
                {
                    "room": room,
                    "what": one.what,
                    "expected": one.expected,
                    "found": one.found,
                }
                for room, prove in proofs.items()
                for one in prove(session)
            ]
        if as_json:
            print_json({"ledger_proof": "off" if found else "ok", "differences": found[:_SHOWN]})
        else:
            show_rows(
                found[:_SHOWN], as_json=False, empty="ok: every kopeck is where it ought to be"
            )
        if found:
            click.echo(f"{len(found)} differences", err=True)
            ctx.exit(1)

    @commands.command("totals")
    @json_option
    @click.pass_context
    def show_totals(ctx: click.Context, as_json: bool) -> None:
        """Kopecks by kind of movement and account, debit positive."""
        with snapshot(runtime_of(ctx).engine) as session:
            found = totals(session)
        if as_json:
            print_json(found)
            return
        flat = {f"{kind} {name}": sum_ for kind, row in found.items() for name, sum_ in row.items()}
        show(flat, as_json=False, title="Ledger totals, kopecks")

    return commands
