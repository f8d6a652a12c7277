"""Where the welcome bonuses of some members stand, read and written. Called under their locks."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tracker.ledger.rules import Kind, Posting, references
from tracker.purchases.bonus import Bonus, Carrier, bonus_posting, movements, place
from tracker.purchases.models import WelcomeBonus
from tracker.purchases.rules import LIVE, Status


def place_bonuses(
    session: Session, moments: Mapping[int, datetime], amounts: Mapping[int, int]
) -> list[Posting]:
    """Put each member's bonus where it belongs now; returns the postings that this takes.

    ``moments`` tells for each member when it counts, ``amounts`` what it comes to if it is new: 0
    for those who were members before. Purchases are written already, and the
    members are locked, so what is read here cannot move.
    """
    postings: list[Posting] = []
    changed: list[dict[str, Any]] = []
    given = {"members": list(amounts), "amounts": list(amounts.values())}
    for row in session.execute(_STANDINGS, given):
        before = Bonus(row.amount, row.purchase_id, bool(row.confirmed))
        after = place(before, _carrier(row.first_id, row.first_status), _present(row))
        if after != before:
            state = _state(row, after)
            postings += _move(state, before, after, moments[row.member_id])
            changed.append(state)
    _keep(session, changed)
    return postings


def _move(
    state: dict[str, Any], before: Bonus, after: Bonus, effective_at: datetime
) -> Iterator[Posting]:
    member_id = state["member_id"]
    for kind in movements(before, after):
        reference = f"bonus:welcome:{member_id}:{kind}:{state['revision']}"
        made = bonus_posting(
            kind,
            member_id=member_id,
            amount=after.amount,
            reference=reference,
            effective_at=effective_at,
            corrects={
                Kind.BONUS_REJECTED: state["tracked_reference"],
                Kind.BONUS_CLAWED_BACK: state["confirmed_reference"],
            }.get(kind),
            after=references(state["tracked_reference"], state["confirmed_reference"]),
        )
        if made is None:
            continue
        if kind is Kind.BONUS_TRACKED:
            state["tracked_reference"] = reference
        if kind is Kind.BONUS_CONFIRMED:
            state["confirmed_reference"] = reference
        yield made


def _carrier(purchase_id: int | None, status: str | None) -> Carrier | None:
    if purchase_id is None or status is None or Status(status) not in LIVE:
        return None
    return Carrier(purchase_id, Status(status))


def _present(row: Row[Any]) -> Carrier | None:
    if row.present_member_id != row.member_id:
        return None
    return _carrier(row.purchase_id, row.present_status)


def _state(row: Row[Any], bonus: Bonus) -> dict[str, Any]:
    return {
        "member_id": row.member_id,
        "amount": bonus.amount,
        "purchase_id": bonus.carried_by,
        "confirmed": bonus.confirmed,
        "revision": row.revision + 1,
        "tracked_reference": row.tracked_reference,
        "confirmed_reference": row.confirmed_reference,
    }


def _keep(session: Session, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    statement = insert(WelcomeBonus).values(rows)
    fresh = statement.excluded
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[WelcomeBonus.member_id],
            set_={
                "purchase_id": fresh.purchase_id,
                "confirmed": fresh.confirmed,
                "revision": fresh.revision,
                "tracked_reference": fresh.tracked_reference,
                "confirmed_reference": fresh.confirmed_reference,
            },
        )
    )


# By the index of a member's purchases in the order of their moments. A live purchase has something
# left of it if anything was paid: what is given back whole is not live.
_STANDINGS = text("""
    SELECT wanted.member_id,
           coalesce(bonus.amount, wanted.amount) AS amount,
           bonus.purchase_id, bonus.confirmed, coalesce(bonus.revision, 0) AS revision,
           bonus.tracked_reference, bonus.confirmed_reference,
           present.status AS present_status, present.member_id AS present_member_id,
           earliest.id AS first_id, earliest.status AS first_status
    FROM unnest(CAST(:members AS bigint[]), CAST(:amounts AS bigint[]))
         AS wanted (member_id, amount)
    LEFT JOIN welcome_bonuses AS bonus ON bonus.member_id = wanted.member_id
    LEFT JOIN purchases AS present ON present.id = bonus.purchase_id
          AND EXISTS (
              SELECT FROM purchase_lines AS paid
              WHERE paid.purchase_id = present.id AND paid.statement_no = present.statement_no
                AND paid.amount > 0
          )
    LEFT JOIN LATERAL (
        SELECT id, status FROM purchases
        WHERE purchases.member_id = wanted.member_id
          AND status IN ('pending', 'awaiting_staff', 'confirmed')
          AND EXISTS (
              SELECT FROM purchase_lines AS paid
              WHERE paid.purchase_id = purchases.id
                AND paid.statement_no = purchases.statement_no AND paid.amount > 0
          )
        ORDER BY ordered_at, shop_id, order_id
        LIMIT 1
    ) AS earliest ON true
""")
