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
from partners.offers.service import offer, terms_after, terms_at, terms_of
from partners.shops.models import Shop
from partners.shops.rules import ShopInvalid
from partners.shops.service import find, ids_by_slug
from tracker.audit.service import record
from tracker.clicks.rules import OnHoldEnd, Terms
from tracker.kit.runtime import Runtime
from tracker.proposals.contracts import Action, Approved, Facts, Unit
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


@dataclass(frozen=True, slots=True)
class _Step:
    """From which terms to which, and since when."""

    slug: str
    before: Terms | None
    after: Terms
    since: datetime
    known: tuple[Terms, ...] = ()
    """What they are compared with; none: they are the shop's first."""


def change(
    session: Session,
    house: Runtime,
    wanted: Mapping[str, Terms],
    since: datetime,
    *,
    by: Person,
    reason: str,
    now: datetime | None = None,
) -> Changed:
    """Let terms hold for shops, by slug, from a moment on.

    What is too far from the terms of now, of then or of a while before is proposed; a shop's first
    terms are not. With ``now`` others than the first hold from then on at the earliest: nobody
    writes anew, alone, what was promised. Raises ShopInvalid for a slug of no shop, and as
    `propose` does.
    """
    ids = ids_by_slug(session, wanted)
    if len(ids) < len(wanted):
        unknown = ", ".join(sorted(set(wanted) - set(ids)))
        raise ShopInvalid(fields={"shop": f"no shop is called {unknown}"})
    steps = _steps(session, ids, wanted, since, now)
    limit = house.settings.rate_change_limit
    near: list[_Step] = []
    proposed: dict[str, Proposal] = {}
    waiting: set[str] = set()
    for step in steps:
        if step.before == step.after:
            continue
        if not is_far(step.after, step.known, limit):
            near.append(step)
            continue
        try:
            wish = _wish(step.slug, step.after, since, reason)
            proposed[step.slug] = propose(session, house, TERMS, wish, by)
        except ProposalWaits:
            waiting.add(step.slug)
    for begins in sorted({step.since for step in near}):
        offer(session, {ids[one.slug]: one.after for one in near if one.since == begins}, begins)
    for step in near:
        _write_down(session, by.login, step, reason)
    return Changed(frozenset(one.slug for one in near), proposed, frozenset(waiting))


def _steps(
    session: Session,
    ids: Mapping[str, int],
    wanted: Mapping[str, Terms],
    since: datetime,
    now: datetime | None,
) -> list[_Step]:
    """From what to what each shop would go, and since when."""
    present = now or since
    later = max(since, present)
    moments = (since, later, present, since - LOOK_BACK, later - LOOK_BACK)
    held = terms_at(session, [(shop, at) for shop in ids.values() for at in moments])
    steps = []
    for slug, terms in sorted(wanted.items()):
        shop = ids[slug]
        known = [held[shop, at] for at in moments if (shop, at) in held]
        known = known or [terms_of(one) for one in terms_after(session, shop, since)]
        begins = later if known else since
        steps.append(_Step(slug, held.get((shop, begins)), terms, begins, tuple(known)))
    return steps


def _wish(slug: str, terms: Terms, since: datetime, reason: str) -> Wish:
    return Wish(
        payload={"slug": slug, "since": since.astimezone(UTC).isoformat(), **_plain(terms)},
        subject=f"shop:{slug}",
        reason=reason,
        slot=f"shop.terms:{slug}",
    )


def _seen(session: Session, payload: Facts) -> Facts:
    """The terms that hold when these are to begin, and all later ones; the shop is locked."""
    query = select(Shop.id).where(Shop.slug == payload["slug"]).with_for_update()
    shop_id = session.scalars(query).one()
    since = datetime.fromisoformat(payload["since"])
    held = session.scalar(
        select(Offer)
        .where(Offer.shop_id == shop_id, Offer.valid_from <= since)
        .order_by(Offer.valid_from.desc())
        .limit(1)
    )
    later = [_facts(one) for one in terms_after(session, shop_id, since)]
    return (_facts(held) if held else {}) | ({"later": later} if later else {})


def _facts(one: Offer) -> dict[str, Any]:
    return {"since": one.valid_from.astimezone(UTC).isoformat(), **_plain(terms_of(one))}


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
    _write_down(session, what.approved_by, _Step(slug, before, terms, since), what.reason)


TERMS = Action(
    name="shop.terms",
    about="A shop's rates change by more than one person may change them. They hold from `since` "
    "on, or from the approval if that comes later.",
    units={
        "cashback_bp": Unit.BASIS_POINTS,
        "commission_bp": Unit.BASIS_POINTS,
        "hold_days": Unit.PLAIN,
    },
    seen=_seen,
    carry_out=_carry_out,
)


def _write_down(session: Session, who: str, one: _Step, reason: str | None) -> None:
    record(
        session,
        who,
        "shop.terms",
        f"shop:{one.slug}",
        before=_plain(one.before) if one.before else None,
        after=_plain(one.after) | {"since": one.since.isoformat()},
        reason=reason,
    )


def _plain(terms: Terms) -> dict[str, Any]:
    return asdict(terms) | {"on_hold_end": str(terms.on_hold_end)}
