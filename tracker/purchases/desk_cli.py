"""`tracker purchases decide|separate|vouch`: the word of staff, audited."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

import click
from sqlalchemy.orm import Session

from tracker.audit.service import record
from tracker.clicks.rules import OnHoldEnd
from tracker.kit.cli import Roubles, as_of_option, moment_of, runtime_of, word_of
from tracker.kit.database import unit_of_work
from tracker.kit.errors import NotFound
from tracker.kit.runtime import Runtime
from tracker.kit.settings import Settings
from tracker.purchases.service import Change, Programme, decide, separate, vouch
from tracker.staff.cli import acting_on, token_option
from tracker.staff.rules import Role

IdsBySlug = Callable[[Session, Collection[str]], Mapping[str, int]]
"""Ids of shops by their slugs: shops are kept by another package."""

reason_option = click.option("--reason", required=True, help="Why: it is kept with the act.")


class ShopNotKnown(NotFound):
    """No such shop."""

    code = "shop_not_found"


def build(
    programme: Callable[[Settings], Programme], ids_by_slug: IdsBySlug
) -> tuple[click.Command, ...]:
    """The commands by which staff have their say on a purchase."""

    @click.command("decide")
    @click.argument("purchase_id", type=int)
    @click.argument("outcome", type=word_of([OnHoldEnd.CONFIRM, OnHoldEnd.REJECT]))
    @click.option("--reason", help="Why: it is kept with the act.")
    @as_of_option
    @token_option
    @click.pass_context
    def decide_one(
        ctx: click.Context, /, purchase_id: int, outcome: str, as_of: datetime | None, **acting: Any
    ) -> None:
        """The word of staff on a purchase that awaits it, or that nobody proved."""
        runtime, moment = _at(ctx, as_of)
        with unit_of_work(runtime.engine) as session:
            figures = programme(runtime.settings)
            change = decide(session, purchase_id, OnHoldEnd(outcome), moment, figures)
            _note(session, runtime, "purchase.decide", change, **acting)

    @click.command("separate")
    @click.argument("shop")
    @click.argument("order_id")
    @reason_option
    @as_of_option
    @token_option
    @click.pass_context
    def separate_one(
        ctx: click.Context, /, shop: str, order_id: str, as_of: datetime | None, **acting: Any
    ) -> None:
        """An order is one of its own, although it looks like another. SHOP: a slug or an id.

        Then retry the events of it that are parked as near duplicates.
        """
        runtime, moment = _at(ctx, as_of)
        with unit_of_work(runtime.engine) as session:
            change = separate(
                session,
                _shop_id(session, shop, ids_by_slug),
                order_id,
                reason=acting["reason"],
                at=moment,
                programme=programme(runtime.settings),
            )
            _note(session, runtime, "purchase.separate", change, **acting)

    @click.command("vouch")
    @click.argument("purchase_id", type=int)
    @click.argument("total", type=Roubles())
    @reason_option
    @as_of_option
    @token_option
    @click.pass_context
    def vouch_one(
        ctx: click.Context, /, purchase_id: int, total: int, as_of: datetime | None, **acting: Any
    ) -> None:
        """Take an unproved word for a purchase, up to a TOTAL in roubles, such as 1530.00.

        Then retry its events that are parked because the amount was not proven.
        """
        runtime, moment = _at(ctx, as_of)
        with unit_of_work(runtime.engine) as session:
            change = vouch(session, purchase_id, total, moment, programme(runtime.settings))
            _note(session, runtime, "purchase.vouch", change, **acting)

    return decide_one, separate_one, vouch_one


def _at(ctx: click.Context, as_of: datetime | None) -> tuple[Runtime, datetime]:
    runtime = runtime_of(ctx)
    return runtime, moment_of(as_of, runtime.clock)


def _shop_id(session: Session, shop: str, ids_by_slug: IdsBySlug) -> int:
    found = ids_by_slug(session, [shop]).get(shop)
    if found is None and not (shop.isascii() and shop.isdigit()):
        raise ShopNotKnown(f"no shop is called {shop!r}")
    return int(shop) if found is None else found


def _note(
    session: Session,
    runtime: Runtime,
    action: str,
    change: Change,
    *,
    token: str | None,
    reason: str | None,
) -> None:
    """Keep who did it, and why, in the same unit of work as what was done."""
    who = acting_on(session, runtime, token, Role.OPERATOR)
    subject = f"purchase:{change.after['purchase_id']}"
    record(
        session,
        who,
        action,
        subject,
        reason=reason,
        before=change.before,
        after=change.after,
    )
