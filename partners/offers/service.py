"""Verbs on offers. The caller owns the unit of work."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from partners.offers.models import Offer
from tracker.clicks.rules import OnHoldEnd, Terms

ShopAt = tuple[int, datetime]
"""A shop's id and a moment."""


def offer(session: Session, terms: Mapping[int, Terms], valid_from: datetime) -> int:
    """Let terms hold for shops from a moment on; returns for how many they are new.

    An offer that says what holds already is not written again.
    """
    present = terms_at(session, [(shop, valid_from) for shop in terms])
    changed = [
        {"shop_id": shop, "valid_from": valid_from, **asdict(wanted)}
        for shop, wanted in sorted(terms.items())
        if present.get((shop, valid_from)) != wanted
    ]
    if changed:
        statement = insert(Offer)
        names = [name for name in changed[0] if name not in ("shop_id", "valid_from")]
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[Offer.shop_id, Offer.valid_from],
                set_={name: statement.excluded[name] for name in names},
            ),
            changed,
        )
    return len(changed)


def terms_at(session: Session, wanted: Sequence[ShopAt]) -> dict[ShopAt, Terms]:
    """Which terms held for a shop at a moment; shops without an offer by then are left out."""
    rows = session.execute(
        _TERMS_AT,
        {"shops": [shop for shop, _ in wanted], "moments": [moment for _, moment in wanted]},
    )
    return {
        (row.shop_id, row.moment): Terms(
            row.cashback_bp, row.commission_bp, row.hold_days, OnHoldEnd(row.on_hold_end)
        )
        for row in rows
    }


def terms_of(one: Offer) -> Terms:
    """What an offer says."""
    return Terms(one.cashback_bp, one.commission_bp, one.hold_days, OnHoldEnd(one.on_hold_end))


def terms_after(session: Session, shop_id: int, moment: datetime) -> list[Offer]:
    """What a shop will promise after a moment, in order."""
    query = select(Offer).where(Offer.shop_id == shop_id, Offer.valid_from > moment)
    return list(session.scalars(query.order_by(Offer.valid_from)))


_TERMS_AT = text("""
    SELECT wanted.shop_id, wanted.moment, held.*
    FROM unnest(CAST(:shops AS bigint[]), CAST(:moments AS timestamptz[]))
         AS wanted (shop_id, moment)
    CROSS JOIN LATERAL (
        SELECT cashback_bp, commission_bp, hold_days, on_hold_end
        FROM offers
        WHERE offers.shop_id = wanted.shop_id AND valid_from <= wanted.moment
        ORDER BY valid_from DESC
        LIMIT 1
    ) AS held
""")
