"""What looks odd of purchases is noted when they are stated, for people to look at.

Called from settling, under the members' locks and with the purchases written. It moves no money
and refuses nothing. A flag stays although a later statement explains it: whatever order messages
come in, the flags of what holds in the end are there; of what held in between there may be more.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.clicks.rules import Click
from tracker.clicks.sanity import ORDERS_OF_A_CLICK, Ordered, Sign, signs
from tracker.purchases.dossiers import Dossier
from tracker.purchases.statements import UNDATED, Stated

_Flag = tuple[int, Sign]
"""A purchase and what looks odd of it."""


def note_flags(session: Session, dossiers: Iterable[Dossier], clicks: Mapping[str, Click]) -> None:
    """Note what looks odd of the purchases that were stated in this unit of work.

    Those that are nobody's bring nobody anything, and have no click to be held against; what staff
    have credited to a click themselves they have looked at.
    """
    fresh = [one for one in dossiers if one.is_restated and _is_credited(one)]
    if not fresh:
        return
    found = [
        (one.id, sign)
        for one in fresh
        if one.stated
        for sign in signs(clicks[one.promise or ""], _ordered(one.stated))
    ]
    found += _many(session, fresh)
    if found:
        session.execute(
            _NOTE,
            {"purchases": [one for one, _ in found], "flags": [str(sign) for _, sign in found]},
        )


def _is_credited(one: Dossier) -> bool:
    return one.standing.member_id is not None and one.attributed_click_id is None


def _ordered(stated: Stated) -> Ordered:
    return Ordered(
        stated.ordered_at,
        stated.total,
        [piece.line.quantity for piece in stated.lines.values()],
        None if stated.rank.at == UNDATED else stated.rank.at,
    )


def _many(session: Session, fresh: Sequence[Dossier]) -> Iterator[_Flag]:
    """The orders of clicks that have many; of a click that has just come to have, the former too.

    A click's orders are one member's, who is locked: of two units of work the later sees the
    earlier. So the others of a click that has many already are flagged already, and it is enough
    to read one more of them than are not many.
    """
    told = Counter(one.promise or "" for one in fresh)
    rows = session.execute(
        _OTHERS,
        {
            "clicks": list(told),
            "here": [one.id for one in fresh],
            "limit": ORDERS_OF_A_CLICK + 1,
        },
    )
    others: dict[str, list[int]] = {}
    for row in rows:
        others.setdefault(row.click_id, []).append(row.id)
    many = {
        click
        for click, count in told.items()
        if count + len(others.get(click, ())) > ORDERS_OF_A_CLICK
    }
    for one in fresh:
        if one.promise in many:
            yield one.id, Sign.MANY_ORDERS
    for click in many:
        known = others.get(click, [])
        if len(known) <= ORDERS_OF_A_CLICK:
            for purchase_id in known:
                yield purchase_id, Sign.MANY_ORDERS


_OTHERS = text("""
    SELECT asked.click_id, other.id
    FROM unnest(CAST(:clicks AS text[])) AS asked (click_id)
    CROSS JOIN LATERAL (
        SELECT id FROM purchases
        WHERE purchases.click_id = asked.click_id
          AND member_id IS NOT NULL AND id <> ALL (CAST(:here AS bigint[]))
        LIMIT :limit
    ) AS other
""")

_NOTE = text("""
    INSERT INTO purchase_flags (purchase_id, flag)
    SELECT * FROM unnest(CAST(:purchases AS bigint[]), CAST(:flags AS text[]))
             AS noted (purchase_id, flag)
    ORDER BY purchase_id, flag
    ON CONFLICT DO NOTHING
""")
