"""Reading all that the catalogue shows, and whether it is still so."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from partners.catalogue.models import CatalogueVersion
from partners.catalogue.rules import Listed
from partners.shops.rules import Section
from tracker.clicks.rules import OnHoldEnd


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in one snapshot of the database, and for which business moments it holds."""

    version: int
    since: datetime | None
    """The last beginning of an offer; None: there was none before."""
    until: datetime | None
    """The next one; None: none is known yet."""
    shops: tuple[Listed, ...]

    def holds(self, moment: datetime) -> bool:
        """Whether no offer began between that moment and the one it was read for."""
        return (self.since is None or self.since <= moment) and (
            self.until is None or moment < self.until
        )


def version(session: Session) -> int:
    """What is read under the same version is the same."""
    return session.scalars(select(CatalogueVersion.version)).one()


def read(session: Session, moment: datetime) -> Reading:
    """The shops that take part and promise something at a moment; takes a snapshot's session."""
    values = {"moment": moment}
    bounds = session.execute(_BOUNDS, values).one()
    shops = tuple(
        Listed(
            row.slug,
            row.name,
            row.name_uk,
            row.name_en,
            Section(row.section),
            row.subsection,
            row.site_url,
            row.cashback_bp,
            row.hold_days,
            OnHoldEnd(row.on_hold_end),
        )
        for row in session.execute(_SHOPS, values)
    )
    return Reading(version(session), bounds.since, bounds.until, shops)


_BOUNDS = text("""
    SELECT max(valid_from) FILTER (WHERE valid_from <= :moment) AS since,
           min(valid_from) FILTER (WHERE valid_from > :moment) AS until
    FROM offers
""")
_SHOPS = text("""
    SELECT slug, name, name_uk, name_en, section, subsection, site_url,
           cashback_bp, hold_days, on_hold_end
    FROM shops
    CROSS JOIN LATERAL (
        SELECT cashback_bp, hold_days, on_hold_end
        FROM offers
        WHERE offers.shop_id = shops.id AND valid_from <= :moment
        ORDER BY valid_from DESC
        LIMIT 1
    ) AS held
    WHERE status = 'active'
    ORDER BY slug
""")
