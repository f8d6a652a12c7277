"""Changing a shop's webhook secrets: by the console at once, over HTTP by two people. The caller
owns the unit of work."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from partners.credentials.models import WebhookSecret
from partners.credentials.queries import secret_cards
from partners.credentials.rules import Secret, SecretKind
from partners.credentials.service import end_present, issue, revoke, revoke_all, take_over
from partners.dialects.service import current
from partners.shops.models import Shop
from partners.shops.rules import ShopNotFound
from partners.shops.service import change_the_door, find
from tracker.audit.service import record
from tracker.kit.clock import SystemClock
from tracker.kit.crypto import Keyring
from tracker.kit.runtime import Runtime
from tracker.proposals.contracts import Action, Approved, Facts, Unit
from tracker.proposals.models import Proposal
from tracker.proposals.service import Wish, propose
from tracker.staff.rules import Role
from tracker.staff.service import Person
from webhooks.dialects import forms_of, named

MAX_OVERLAP = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Hand:
    """Who changes a shop's secrets, by which master key, and when."""

    session: Session
    who: str
    keys: Keyring
    now: datetime


Act = Callable[[Hand, int], dict[str, Any]]
"""A change of one shop's secrets, and what is told of it."""


def change(hand: Hand, slug: str, shop_id: int, act: Act) -> dict[str, Any]:
    """Every change of a secret goes this way: it is audited, and the door notices at once."""
    before = _held(hand, shop_id)
    told = act(hand, shop_id)
    change_the_door(hand.session, shop_id)
    after = _held(hand, shop_id)
    record(
        hand.session,
        hand.who,
        "shop.secret",
        f"shop:{slug}",
        before={"secrets": before},
        after={"secrets": after},
    )
    return {"shop": slug, **told}


def revoking(secret_id: int | None) -> Act:
    """Taking one secret back, or all (None), at once."""

    def act(hand: Hand, shop_id: int) -> dict[str, Any]:
        if secret_id is None:
            return {"revoked": revoke_all(hand.session, shop_id, hand.now)}
        revoke(hand.session, shop_id, secret_id, hand.now)
        return {"revoked": [secret_id]}

    return act


def giving(own_key: bytes | None, overlap: timedelta | None) -> Act:
    """A further secret of ours, or the shop's own key; with an overlap its present ones end."""

    def act(hand: Hand, shop_id: int) -> dict[str, Any]:
        if overlap is not None:
            end_present(hand.session, shop_id, hand.now, overlap)
        if own_key is None:
            return _shown(hand, shop_id, issue(hand.session, hand.keys, shop_id))
        taken = take_over(hand.session, hand.keys, shop_id, own_key)
        return {"id": taken.id, "opens": _opened_by_given(hand, shop_id)}

    return act


def ask_for(
    session: Session,
    house: Runtime,
    slug: str,
    overlap: timedelta | None,
    *,
    by: Person,
    reason: str,
) -> Proposal:
    """Propose a further secret for a shop; with an overlap its present ones end then.

    Raises ShopNotFound, and as `propose` does.
    """
    find(session, slug)
    seconds = None if overlap is None else int(overlap.total_seconds())
    wish = Wish(
        payload={"slug": slug, "overlap_seconds": seconds},
        subject=f"shop:{slug}",
        reason=reason,
        slot=f"shop.secret:{slug}",
    )
    return propose(session, house, ISSUING, wish, by)


def _seen(session: Session, payload: Facts) -> Facts:
    """The secrets that were not taken back, with their ends; the shop is locked."""
    query = select(Shop.id).where(Shop.slug == payload["slug"]).with_for_update()
    shop_id = session.scalar(query)
    if shop_id is None:
        raise ShopNotFound(f"no shop is called {payload['slug']!r}")
    rows = session.execute(
        select(WebhookSecret.id, WebhookSecret.valid_until)
        .where(
            WebhookSecret.shop_id == shop_id,
            WebhookSecret.revoked_at.is_(None),
            WebhookSecret.kind != SecretKind.TRIAL,
        )
        .order_by(WebhookSecret.id)
    )
    return {"secrets": {str(row.id): text_of(row.valid_until) for row in rows}}


def _carry_out(session: Session, house: Runtime, what: Approved) -> dict[str, Any]:
    slug, seconds = what.payload["slug"], what.payload["overlap_seconds"]
    hand = Hand(session, what.approved_by, house.settings.keys, SystemClock().now())
    overlap = None if seconds is None else timedelta(seconds=seconds)
    return change(hand, slug, find(session, slug).id, giving(None, overlap))


ISSUING = Action(
    name="shop.secret",
    about="A shop gets a further webhook secret, which the approver is shown once; with"
    " `overlap_seconds` its present ones end after so long.",
    units={"overlap_seconds": Unit.PLAIN},
    seen=_seen,
    carry_out=_carry_out,
    proposes=Role.ADMIN,
)


def _held(hand: Hand, shop_id: int) -> dict[str, str | None]:
    """The secrets that hold, by their ids, with the ends that are set."""
    return {
        str(one.id): text_of(one.valid_until)
        for one in secret_cards(hand.session, shop_id)
        if one.holds(hand.now)
    }


def _shown(hand: Hand, shop_id: int, made: Secret) -> dict[str, Any]:
    """A secret as the shop writes it, in those forms that are good for something in its dialect.

    Control totals are signed in every dialect.
    """
    used = {"secret", *_forms(hand, shop_id).values()}
    return {"id": made.id, **{form: value for form, value in made.shown.items() if form in used}}


def _opened_by_given(hand: Hand, shop_id: int) -> list[str]:
    return [name for name, form in _forms(hand, shop_id).items() if form == "url_key"]


def _forms(hand: Hand, shop_id: int) -> dict[str, str]:
    """The schemes of a shop's dialect, and by which form of a secret each goes."""
    setting = current(hand.session, shop_id)
    return forms_of(named(setting.dialect, setting.mapping))


def text_of(moment: datetime | None) -> str | None:
    """A moment as it is told."""
    return moment.isoformat() if moment else None
