"""Changing a shop's terms: alone up to a limit, above it by two people. The caller owns the unit of
work."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from partners.offers.models import Offer
from partners.offers.rules import LOOK_BACK, is_far
from partners.offers.service import offer, terms_at
from partners.shops.models import Shop
from partners.shops.rules import ShopInvalid
from partners.shops.service import find, ids_by_slug
from tracker.audit.service import record
from tracker.clicks.rules import OnHoldEnd, Terms
from tracker.kit.runtime import Runtime
from tracker.proposals.contracts import Action, Approved, Facts
from tracker.proposals.models import Proposal
from tracker.proposals.rules import ProposalWaits
from tracker.proposals.service import Wish, propose
from tracker.staff.service import Person


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of new terms."""

    now: frozenset[str]
    """Slugs of shops whose terms are new."""
    proposed: Mapping[str, Proposal]
    """By slug: what another person has to agree to."""
    waiting: frozenset[str]
    """Slugs of shops of which a change waits for approval already."""


def change(
    session: Session,
    house: Runtime,
    wanted: Mapping[str, Terms],
    since: datetime,
    *,
    by: Person,
    reason: str,
) -> Changed:
    """Let terms hold for shops, by slug, from a moment on.

    What is further than the limit from the terms that held then, or a while before, is proposed;
    a shop's first terms are not. Raises ShopInvalid for a slug of no shop, and as `propose` does.
    """
    ids = ids_by_slug(session, wanted)
    if len(ids) < len(wanted):
        unknown = ", ".join(sorted(set(wanted) - set(ids)))
        raise ShopInvalid(fields={"shop": f"no shop is called {unknown}"})
    moments = (since, since - LOOK_BACK)
    held = terms_at(session, [(shop, at) for shop in ids.values() for at in moments])
    limit = house.settings.rate_change_limit
    near: dict[str, Terms] = {}
    proposed: dict[str, Proposal] = {}
    waiting: set[str] = set()
    for slug, terms in sorted(wanted.items()):
        present = held.get((ids[slug], since))
        known = [held[ids[slug], at] for at in moments if (ids[slug], at) in held]
        if present == terms:
            continue
        if not is_far(terms, known, limit):
            near[slug] = terms
            continue
        try:
            wish = _wish(slug, terms, since, reason)
            proposed[slug] = propose(session, house, TERMS, wish, by)
        except ProposalWaits:
            waiting.add(slug)
    offer(session, {ids[slug]: terms for slug, terms in near.items()}, since)
    for slug, terms in near.items():
        _write_down(session, by.login, _Step(slug, held.get((ids[slug], since)), terms, since))
    return Changed(frozenset(near), proposed, frozenset(waiting))


def _wish(slug: str, terms: Terms, since: datetime, reason: str) -> Wish:
    return Wish(
        payload={"slug": slug, "since": since.astimezone(UTC).isoformat(), **_plain(terms)},
        subject=f"shop:{slug}",
        reason=reason,
        slot=f"shop.terms:{slug}",
    )


def _seen(session: Session, payload: Facts) -> Facts:
    """The last terms that anybody gave the shop; the shop is locked."""
    query = select(Shop.id).where(Shop.slug == payload["slug"]).with_for_update()
    shop_id = session.scalar(query)
    last = session.scalar(
        select(Offer).where(Offer.shop_id == shop_id).order_by(Offer.valid_from.desc()).limit(1)
    )
    if last is None:
        return {}
    return {
        "since": last.valid_from.astimezone(UTC).isoformat(),
        "cashback_bp": last.cashback_bp,
        "commission_bp": last.commission_bp,
        "hold_days": last.hold_days,
        "on_hold_end": last.on_hold_end,
    }


def _carry_out(session: Session, _: Runtime, what: Approved) -> None:
    """From the moment that was named, or from now on: never for clicks that were promised less."""
    payload = what.payload
    slug: str = payload["slug"]
    shop_id = find(session, slug).id
    since = max(datetime.fromisoformat(payload["since"]), what.now.replace(microsecond=0))
    terms = Terms(
        payload["cashback_bp"],
        payload["commission_bp"],
        payload["hold_days"],
        OnHoldEnd(payload["on_hold_end"]),
    )
    before = terms_at(session, [(shop_id, since)]).get((shop_id, since))
    offer(session, {shop_id: terms}, since)
    _write_down(session, what.approved_by, _Step(slug, before, terms, since))


TERMS = Action(
    name="shop.terms",
    about="A shop's rates change by more than one person may change them. They hold from `since` "
    "on, or from the approval if that comes later; rates are basis points.",
    seen=_seen,
    carry_out=_carry_out,
)


@dataclass(frozen=True, slots=True)
class _Step:
    """From which terms to which, and since when."""

    slug: str
    before: Terms | None
    after: Terms
    since: datetime


def _write_down(session: Session, who: str, one: _Step) -> None:
    record(
        session,
        who,
        "shop.terms",
        f"shop:{one.slug}",
        before=_plain(one.before) if one.before else None,
        after=_plain(one.after) | {"since": one.since.isoformat()},
    )


def _plain(terms: Terms) -> dict[str, Any]:
    return asdict(terms) | {"on_hold_end": str(terms.on_hold_end)}
