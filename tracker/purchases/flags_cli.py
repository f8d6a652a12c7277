"""`tracker purchases flags`: what looks odd of purchases."""

import click

from tracker.clicks.sanity import Sign
from tracker.kit.cli import json_option, runtime_of, show_rows, word_of
from tracker.kit.database import unit_of_work
from tracker.kit.money import format_rubles
from tracker.purchases.flags_desk import Wanted, flagged, review
from tracker.staff.cli import acting_on, token_option
from tracker.staff.rules import Role


@click.command("flags")
@click.option("--flag", type=word_of(Sign), help="Only flags of this kind.")
@click.option("--shop-id", type=int, help="Only purchases in this shop.")
@click.option("--all", "with_reviewed", is_flag=True, help="Also those that were reviewed.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True)
@json_option
@click.pass_context
def list_flags(
    ctx: click.Context,
    *,
    flag: str | None,
    shop_id: int | None,
    with_reviewed: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Purchases that look odd beside their clicks, and wait for somebody to look at them."""
    which = Wanted(
        flag=Sign(flag) if flag else None,
        shop_id=shop_id,
        reviewed=None if with_reviewed else False,
        limit=limit,
    )
    with unit_of_work(runtime_of(ctx).engine) as session:
        rows = [
            {
                "purchase_id": one.purchase_id,
                "flag": one.flag,
                "shop_id": one.shop_id,
                "order_id": one.order_id,
                "member_id": one.member_id,
                "click_id": one.click_id,
                "ordered_at": one.ordered_at.isoformat() if one.ordered_at else None,
                "total": format_rubles(one.total),
                "status": one.status,
                "noted_at": one.noted_at.isoformat(),
                "reviewed_by": one.reviewed_by,
                "note": one.note,
            }
            for one in flagged(session, which)
        ]
    show_rows(rows, as_json=as_json, empty="none")


@click.command("review")
@click.argument("purchase_id", type=int)
@click.argument("flag", type=word_of(Sign))
@click.option("--reason", required=True, help="What was found: it is kept with the flag.")
@token_option
@click.pass_context
def review_flag(
    ctx: click.Context, purchase_id: int, flag: str, *, reason: str, token: str | None
) -> None:
    """Somebody has looked at a FLAG of a purchase. It moves no money."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        who = acting_on(session, runtime, token, Role.OPERATOR)
        review(session, purchase_id, Sign(flag), who, reason)
