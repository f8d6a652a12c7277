"""Recording clicks and reading them back. The caller owns the unit of work."""

from collections.abc import Collection, Sequence
from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.clicks.models import ClickRow
from tracker.clicks.rules import Click, OnHoldEnd, Terms
from tracker.kit.database import bulk_insert


def record(session: Session, clicks: Sequence[Click]) -> None:
    """Keep clicks for good."""
    bulk_insert(
        session,
        ClickRow,
        [
            {
                "id": click.id,
                "member_id": click.member_id,
                "shop_id": click.shop_id,
                "clicked_at": click.clicked_at,
                "valid_until": click.valid_until,
                **asdict(click.terms),
            }
            for click in clicks
        ],
    )


def by_ids(session: Session, ids: Collection[str]) -> dict[str, Click]:
    """The clicks that were ever issued among some ids."""
    if not ids:
        return {}
    table = ClickRow.__table__
    rows = session.execute(select(table).where(ClickRow.id.in_(list(ids))))
    return {
        row.id: Click(
            row.id,
            row.member_id,
            row.shop_id,
            row.clicked_at,
            row.valid_until,
            Terms(row.cashback_bp, row.commission_bp, row.hold_days, OnHoldEnd(row.on_hold_end)),
        )
        for row in rows
    }
