"""`tracker holds …` and `tracker purchases …`"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from tracker.kit.cli import (
    as_of_option,
    json_option,
    moment_of,
    runtime_of,
    show,
    show_rows,
    word_of,
)
from tracker.kit.database import unit_of_work
from tracker.kit.money import format_rubles
from tracker.kit.settings import Settings
from tracker.purchases import desk_cli, flags_cli
from tracker.purchases.queries import listed, totals, unmatched_returns
from tracker.purchases.rules import Status
from tracker.purchases.service import Programme, end_holds


def build(
    programme: Callable[[Settings], Programme], ids_by_slug: desk_cli.IdsBySlug
) -> tuple[click.Group, click.Group]:
    """The groups `holds` and `purchases`."""

    @click.group("holds")
    def holds() -> None:
        """How long purchases stay pending."""

    @holds.command("run")
    @as_of_option
    @json_option
    @click.pass_context
    def run(ctx: click.Context, as_of: datetime | None, as_json: bool) -> None:
        """End the holds that are over, each by the policy promised at its click."""
        runtime = runtime_of(ctx)
        moment = moment_of(as_of, runtime.clock)
        ended = 0
        while True:
            with unit_of_work(runtime.engine) as session:
                found = end_holds(session, moment, programme(runtime.settings))
            if not found:
                break
            ended += found
        show({"as_of": moment.isoformat(), "ended": ended}, as_json=as_json)

    @click.group("purchases")
    def purchases() -> None:
        """What the shops reported."""

    purchases.add_command(list_purchases)
    purchases.add_command(list_unmatched)
    purchases.add_command(show_totals)
    purchases.add_command(flags_cli.list_flags)
    purchases.add_command(flags_cli.review_flag)

    for command in desk_cli.build(programme, ids_by_slug):
        purchases.add_command(command)
    return holds, purchases


@click.command("list")
@click.option("--status", type=word_of(Status), help="Only purchases in this state.")
@click.option("--order", "order_id", help="Only orders of this number.")
@click.option("--shop-id", type=int, help="Only purchases in this shop.")
@click.option("--member-id", type=int, help="Only purchases of this member.")
@click.option("--newest", "newest_first", is_flag=True, help="The last heard of first.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True)
@json_option
@click.pass_context
def list_purchases(
    ctx: click.Context, /, status: str | None, limit: int, as_json: bool, **wanted: Any
) -> None:
    """Purchases, also those that are nobody's (unattributed) or never seen (unmatched)."""
    with unit_of_work(runtime_of(ctx).engine) as session:
        state = Status(status) if status else None
        found = listed(session, status=state, limit=limit, **wanted)
        rows = [
            {
                "id": one.id,
                "shop_id": one.shop_id,
                "order_id": one.order_id,
                "status": one.status,
                "reason": one.unattributed_reason,
                "member_id": one.member_id,
                "hold_ends_at": one.hold_ends_at.isoformat() if one.hold_ends_at else None,
                "pending": format_rubles(one.pending_cashback),
                "confirmed": format_rubles(one.confirmed_cashback),
                "upstream": one.upstream_status,
                "feed": one.feed,
                "trusted": one.stated_trusted,
                "suspect_of": one.suspect_of,
            }
            for one in found
        ]
    show_rows(rows, as_json=as_json, empty="none")


@click.command("unmatched")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True)
@json_option
@click.pass_context
def list_unmatched(ctx: click.Context, limit: int, as_json: bool) -> None:
    """Returns that take nothing back: of an order never seen, or of a line that it lacks."""
    with unit_of_work(runtime_of(ctx).engine) as session:
        rows = [
            {
                "shop_id": one.shop_id,
                "order_id": one.order_id,
                "return_id": one.return_id,
                "line_id": one.line_id,
                "amount": None if one.amount is None else format_rubles(one.amount),
            }
            for one in unmatched_returns(session, limit)
        ]
    show_rows(rows, as_json=as_json, empty="none")


@click.command("totals")
@json_option
@click.pass_context
def show_totals(ctx: click.Context, as_json: bool) -> None:
    """How many purchases there are in each state."""
    with unit_of_work(runtime_of(ctx).engine) as session:
        show(totals(session), as_json=as_json, title="Purchases")
