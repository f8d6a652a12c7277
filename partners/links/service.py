"""Making clicks. The caller owns the unit of work."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from partners.links.queries import promised
from partners.offers.service import terms_at
from partners.shops.links import LinkNotUsable, template_of
from partners.shops.rules import ShopNotFound, ShopStatus
from tracker.clicks.rules import ALLOWANCES, Click
from tracker.clicks.service import record, record_one
from tracker.kit.errors import Conflict, Gone

_PREFIX = "clk_"


class NothingPromised(Conflict):
    """The shop had no offer at that moment."""

    code = "nothing_promised"


class ShopLeft(Gone):
    """The shop has left the programme."""

    code = "shop_left"


@dataclass(frozen=True, slots=True)
class Visit:
    """A member follows a shop's link."""

    member_id: int
    shop_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Followed:
    """A click that was just made, and where it leads."""

    click: Click
    shop: str
    shop_name: str
    address: str


def follow_link(
    session: Session,
    member_id: int,
    slug: str,
    *,
    at: datetime,
    window: timedelta,
    sub_id: str | None = None,
) -> Followed:
    """A member goes to a shop: the click with the terms of this moment, and the way.

    Raises ShopNotFound, ShopLeft, NothingPromised, LinkNotUsable and TooManyClicks.
    """
    shop = promised(session, slug, at, to=member_id)
    if shop is None:
        raise ShopNotFound(f"no shop is called {slug!r}")
    if shop.status != ShopStatus.ACTIVE:
        raise ShopLeft(f"{slug} has left the programme")
    if shop.terms is None:
        raise NothingPromised(f"{slug} has no offer now")
    click = Click(_new_id(), member_id, shop.id, at, at + window, shop.terms, sub_id)
    address = _address(shop.link_template, slug, click)
    record_one(session, click, ALLOWANCES)
    return Followed(click, slug, shop.name, address)


def _address(template: str, slug: str, click: Click) -> str:
    try:
        found = template_of(template)
    except ValueError as error:
        raise LinkNotUsable(f"the link of {slug} cannot be followed: {error}") from error
    return found.filled({"click_id": click.id, "sub_id": click.sub_id or "", "shop": slug})


def _new_id() -> str:
    """Random and nothing else: it travels through the shop, and says nothing of the member."""
    return _PREFIX + secrets.token_urlsafe(16)


def follow(session: Session, visits: Sequence[Visit], window: timedelta) -> list[Click]:
    """Record visits with the terms that held then; clicks come in the order of the visits.

    Orders within ``window`` of the visit will be credited to it.

    Raises NothingPromised.
    """
    held = terms_at(session, [(visit.shop_id, visit.at) for visit in visits])
    clicks = []
    for visit in visits:
        terms = held.get((visit.shop_id, visit.at))
        if terms is None:
            raise NothingPromised(f"shop {visit.shop_id} had no offer at {visit.at.isoformat()}")
        until = visit.at + window
        clicks.append(Click(_new_id(), visit.member_id, visit.shop_id, visit.at, until, terms))
    record(session, clicks)
    return clicks
