"""One sale told by two feeds of a shop, under numbers that have nothing in common.

Same shop, same member, same total, ordered within the hour, by another feed: it may be the same
sale, and staff say. Within one feed nothing is suspected: people do buy the same thing twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.purchases.dossiers import Dossier
from tracker.purchases.rules import Standing

WITHIN = timedelta(hours=1)

Look = tuple[int, int | None, int]
"""What two tellings of one sale have in common: shop, member, total."""


def suspects(
    session: Session, dossiers: Sequence[Dossier], before: Mapping[int, Standing]
) -> dict[int, int]:
    """Which purchases of a unit of work may be others told once more: {purchase: the other}.

    Called under the members' locks, so that of two units of work the later sees the earlier.
    """
    asked = [one for one in dossiers if _is_asked(one, before[one.id])]
    if not asked:
        return {}
    found = dict(_together(dossiers, {one.id for one in asked}))
    stated = [(one, one.stated) for one in asked if one.stated]
    rows = session.execute(
        _OTHERS,
        {
            "ids": [one.id for one, _ in stated],
            "shops": [one.shop_id for one, _ in stated],
            "members": [one.standing.member_id for one, _ in stated],
            "totals": [said.total for _, said in stated],
            "moments": [said.ordered_at for _, said in stated],
            "feeds": [said.feed for _, said in stated],
            "here": [one.id for one in dossiers],
            "within": WITHIN,
        },
    )
    return {**found, **{row.id: row.other for row in rows}}


def _is_asked(one: Dossier, before: Standing) -> bool:
    """Whether it has just come to look as it does, and may be suspected at all."""
    is_new = one.is_restated or one.standing.member_id != before.member_id
    is_open = one.suspect_of is None and one.separate_reason is None
    has_worth = one.stated is not None and one.stated.total > 0
    return is_new and is_open and has_worth and one.standing.member_id is not None


def _together(dossiers: Sequence[Dossier], asked: set[int]) -> Iterator[tuple[int, int]]:
    """Those that look alike within one unit of work: of two new ones the later is suspected."""
    by_look: dict[Look, list[Dossier]] = {}
    for one in dossiers:
        if one.stated:
            look = (one.shop_id, one.standing.member_id, one.stated.total)
            by_look.setdefault(look, []).append(one)
    for alike in by_look.values():
        for one in alike:
            for other in alike:
                comes_first = other.id not in asked or other.id < one.id
                if one.id in asked and comes_first and _is_alike(one, other):
                    yield one.id, other.id


def _is_alike(one: Dossier, other: Dossier) -> bool:
    if one.stated is None or other.stated is None or one is other:
        return False
    apart = abs(one.stated.ordered_at - other.stated.ordered_at)
    return apart <= WITHIN and one.stated.feed != other.stated.feed and other.suspect_of != one.id


# A sale that one feed has called off may be told by another that has not heard of it: one that
# lives is looked for first. By the shop plus nothing, no index of shops is tempting: each is
# looked for in a narrow range of one member's purchases.
_OTHERS = text("""
    SELECT asked.id, alike.id AS other
    FROM unnest(
        CAST(:ids AS bigint[]), CAST(:shops AS bigint[]), CAST(:members AS bigint[]),
        CAST(:totals AS bigint[]), CAST(:moments AS timestamptz[]), CAST(:feeds AS text[])
    ) AS asked (id, shop_id, member_id, total, ordered_at, feed)
    CROSS JOIN LATERAL (
        SELECT other.id FROM purchases AS other
        WHERE other.member_id = asked.member_id
          AND other.ordered_at BETWEEN asked.ordered_at - CAST(:within AS interval)
                                   AND asked.ordered_at + CAST(:within AS interval)
          AND other.shop_id + 0 = asked.shop_id
          AND other.stated_total = asked.total
          AND other.feed <> asked.feed
          AND other.suspect_of IS DISTINCT FROM asked.id
          AND other.id <> ALL (CAST(:here AS bigint[]))
        ORDER BY other.status = 'rejected', other.ordered_at, other.shop_id, other.order_id
        LIMIT 1
    ) AS alike
""")
