"""What the edges of members and of staff tell alike, from one snapshot each."""

from typing import Any

from sqlalchemy.orm import Session

from tracker.cabinet.explaining import Explanation
from tracker.cabinet.people import anyone
from tracker.cabinet.ports import ShopNames
from tracker.cabinet.rules import Status, Wanted, days_between
from tracker.cabinet.schemas import ALL
from tracker.cabinet.service import Page, Standing, history, shown, standing
from tracker.kit.runtime import Runtime


def balance_view(session: Session, tools: Runtime, member_id: int) -> Standing:
    """A member's balance. Raises MemberNotFound."""
    settings = tools.settings
    return standing(
        session,
        anyone(session, member_id),
        tools.clock.now(),
        minimum=settings.payout_minimum,
        cap=settings.payout_cap,
    )


def history_view(
    session: Session, tools: Runtime, shops: ShopNames, member_id: int, asked: dict[str, Any]
) -> Page:
    """A page of a member's history. Raises PeriodReversed and CursorNotUsable."""
    since, until = days_between(asked.get("first"), asked.get("last"))
    status = None if asked["status"] == ALL else Status(asked["status"])
    return history(
        session,
        tools.settings.keys,
        shops,
        Wanted(member_id, status, since, until),
        tools.clock.now(),
        cursor=asked.get("cursor"),
        limit=asked["limit"],
    )


def explanation_view(
    session: Session, tools: Runtime, shops: ShopNames, told: Explanation
) -> dict[str, Any]:
    """An explanation with the names of shops."""
    purchase = told.purchase
    names = shops(session, {purchase.bought.shop_id}) if purchase else {}
    return {
        "lines": shown(session, shops, told.lines, tools.clock.now()),
        "purchase": purchase and {"told": purchase, "shop": names.get(purchase.bought.shop_id)},
        "payment": told.payment,
        "movements": told.movements,
    }
