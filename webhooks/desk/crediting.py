"""Crediting the purchases that an event tells of to a click: by the console, by one of the staff
alone, or, where that is much, by two. The caller owns the unit of work."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from tracker.audit.service import record
from tracker.clicks.service import by_ids
from tracker.kit.errors import Conflict
from tracker.kit.runtime import Runtime
from tracker.proposals.contracts import Action, Approved, Facts, Unit
from tracker.proposals.models import Proposal
from tracker.proposals.service import Wish, propose
from tracker.purchases.by_hand import Alone, TooMuch, credit_alone
from tracker.purchases.desk import ClickNotFound, looked_at, reattribute
from tracker.purchases.queries import ids_of_orders
from tracker.purchases.settling import Programme, programme_of
from tracker.staff.service import Person
from webhooks.desk.service import reports_of


class NothingToAttribute(Conflict):
    """The event names no purchase that is in the books."""

    code = "nothing_to_attribute"


@dataclass(frozen=True, slots=True)
class Word:
    """To which click purchases are credited, by whom and why, and from which moment on."""

    click_id: str
    who: str
    reason: str
    at: datetime
    alone: Alone | None = None
    """None: it is not one person's word alone."""


def reattribute_event(
    session: Session, event_id: int, word: Word, programme: Programme
) -> list[int]:
    """Credit the purchases that an event tells of to a click; returns the purchases' ids.

    What shops say of the click, before or later, does not change it. Raises EventNotFound,
    BytesPruned, NothingToAttribute, and what `purchases.reattribute` refuses.
    """
    return _credit(session, _purchases_of(session, event_id), word, programme)


def reattribute_as(
    session: Session, house: Runtime, event_id: int, word: Word, by: Person
) -> tuple[list[int], Proposal | None]:
    """The same by one of the staff; what is too much for one is proposed, and nothing is credited.

    Raises as `reattribute_event` does, and as `propose`.
    """
    ids, programme = _purchases_of(session, event_id), programme_of(house.settings)
    alone = Alone(by.login, house.clock.now())
    credit = partial(_credit, session, ids, replace(word, alone=alone), programme)
    limit = house.settings.credit_by_hand_limit
    made = credit_alone(session, alone, limit, credit, lambda credited: credited)
    if not isinstance(made, TooMuch):
        return made, None
    payload = {"purchases": ids, "click_id": word.click_id, "cashback": made.cashback}
    wish = Wish(
        payload={"event_id": event_id, **payload},
        subject=f"event:{event_id}",
        reason=word.reason,
        slot=f"{REATTRIBUTING.name}:{event_id}",
    )
    return [], propose(session, house, REATTRIBUTING, wish, by)


def _purchases_of(session: Session, event_id: int) -> list[int]:
    shop_id, told = reports_of(session, event_id)
    ids = ids_of_orders(session, shop_id, {one.order_id for one in told})
    if not ids:
        raise NothingToAttribute(f"event {event_id} tells of no purchase in the books")
    return sorted(ids)


def _credit(session: Session, ids: Sequence[int], word: Word, programme: Programme) -> list[int]:
    for purchase_id in ids:
        before, after = reattribute(
            session, purchase_id, word.click_id, word.at, programme, alone=word.alone
        )
        record(
            session,
            word.who,
            "purchase.reattribute",
            f"purchase:{purchase_id}",
            reason=word.reason,
            before=before,
            after=after,
        )
    return list(ids)


def _seen(session: Session, payload: Facts) -> Facts:
    """Whose the purchases are, whose they would be, and what was ordered."""
    click_id = payload["click_id"]
    click = by_ids(session, {click_id}).get(click_id)
    if click is None:
        raise ClickNotFound(f"no click {click_id!r}")
    return {"to_member": click.member_id, "are": looked_at(session, payload["purchases"])}


def _carry_out(session: Session, house: Runtime, what: Approved) -> None:
    word = Word(what.payload["click_id"], what.approved_by, what.reason, what.now)
    _credit(session, what.payload["purchases"], word, programme_of(house.settings))


REATTRIBUTING = Action(
    name="purchase.reattribute",
    about="Purchases are credited to a click, whatever the shop says; cashback goes with them.",
    units={
        "event_id": Unit.PLAIN,
        "purchases": Unit.PLAIN,
        "purchase_id": Unit.PLAIN,
        "member_id": Unit.PLAIN,
        "to_member": Unit.PLAIN,
        "cashback": Unit.KOPECKS,
        "ordered": Unit.KOPECKS,
    },
    seen=_seen,
    carry_out=_carry_out,
)
