"""The hand of staff on the inbox: look into an event, retry, discard; all audited.

The caller owns the unit of work, and says who acts.
"""

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from tracker.audit.service import record
from tracker.kit.errors import Conflict, Invalid, NotFound, TrackerError
from tracker.purchases.contracts import PurchaseReport
from tracker.purchases.queries import sources_of_order
from webhooks.dispatch import read_events
from webhooks.inbox.models import EventState, InboxEvent
from webhooks.inbox.queries import as_event, conflicts_of, event_with_body, search
from webhooks.inbox.work import discard, retry


class EventNotFound(NotFound):
    """No such event in the inbox."""

    code = "event_not_found"


class ShopNotNamed(Invalid):
    """An order is looked for, and no shop is named."""

    code = "shop_not_named"


class BytesPruned(Conflict):
    """The raw bytes of the event were pruned: there is nothing left to read."""

    code = "bytes_pruned"


def look(session: Session, event_id: int) -> dict[str, Any]:
    """An event with what became of it, its raw bytes and what they say. Raises EventNotFound.

    ``raw`` is text, with the replacement character for what is not UTF-8; None when pruned.
    """
    event, body = _found(session, event_id)
    return {
        "id": event.id,
        "shop_id": event.shop_id,
        "webhook_id": event.webhook_id,
        "received_at": event.received_at,
        "handled_at": event.handled_at,
        "state": event.state,
        "attempts": event.attempts,
        "parked_reason": event.parked_reason,
        "parked_detail": event.parked_detail,
        "shape": event.shape,
        "trusted": event.trusted,
        "sha256": event.sha256.hex(),
        "size": event.size,
        "raw": None if body is None else body.decode("utf-8", "replace"),
        "decoded": [] if body is None else [_told(one) for one in _read(session, event, body)],
        "conflicts": [
            {
                "received_at": one.received_at,
                "sha256": one.sha256.hex(),
                "raw": one.body.decode("utf-8", "replace"),
            }
            for one in conflicts_of(session, event_id)
        ],
    }


def find_events(
    session: Session,
    *,
    shop_id: int | None,
    webhook_id: str | None,
    order_id: str | None,
    **wanted: Any,
) -> list[InboxEvent]:
    """Events in the order they came in; see `search` for what else may be wanted.

    By ``order_id`` those that the books know the order from, of one shop. Raises ShopNotNamed.
    """
    webhook_ids = None if webhook_id is None else {webhook_id}
    if order_id is not None:
        if shop_id is None:
            raise ShopNotNamed(fields={"shop_id": "every shop counts its own orders: name one"})
        sources = sources_of_order(session, shop_id, order_id)
        of_order = {source.partition("#")[0] for source in sources}
        webhook_ids = of_order if webhook_ids is None else webhook_ids & of_order
    return search(session, shop_id=shop_id, webhook_ids=webhook_ids, **wanted)


def retry_events(session: Session, who: str, ids: Collection[int], reason: str | None) -> set[int]:
    """Let events that were set aside be tried again; returns which of the ids were.

    Not among them: events in another state, and those whose raw bytes were pruned.
    """
    before = retry(session, ids)
    _note(session, who, "inbox.retry", before, after="waiting", reason=reason)
    return set(before)


def discard_events(session: Session, who: str, ids: Collection[int], reason: str) -> set[int]:
    """Nothing is to come of these parked events; returns which of the ids were parked."""
    done = discard(session, ids)
    before = dict.fromkeys(done, str(EventState.PARKED))
    _note(session, who, "inbox.discard", before, after="discarded", reason=reason)
    return done


def reports_of(session: Session, event_id: int) -> tuple[int, list[PurchaseReport]]:
    """Which shop an event is of, and what it tells of purchases. Raises EventNotFound and
    BytesPruned."""
    event, body = _found(session, event_id)
    if body is None:
        raise BytesPruned(f"of event {event_id} only the id and the hash are left")
    told = [one for one in _read(session, event, body) if not isinstance(one, TrackerError)]
    return event.shop_id, told


def _found(session: Session, event_id: int) -> tuple[InboxEvent, bytes | None]:
    found = event_with_body(session, event_id)
    if found is None:
        raise EventNotFound(f"no event {event_id}")
    return found


def _read(session: Session, event: InboxEvent, body: bytes) -> list[PurchaseReport | TrackerError]:
    ((_, said),) = read_events(session, [as_event(event, body)])
    return said


def _told(one: PurchaseReport | TrackerError) -> dict[str, Any]:
    if isinstance(one, TrackerError):
        return {"refused": one.code, "detail": one.detail, "fields": one.fields}
    return {"report": type(one).__name__, **asdict(one)}


def _note(
    session: Session,
    who: str,
    action: str,
    before: dict[int, str],
    *,
    after: str,
    reason: str | None,
) -> None:
    for event_id, state in sorted(before.items()):
        record(
            session,
            who,
            action,
            f"event:{event_id}",
            reason=reason,
            before={"state": state},
            after={"state": after},
        )
