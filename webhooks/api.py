"""`POST /webhooks/<shop slug>`: verify, decode the envelope, store, answer. Nothing else."""

import json
from datetime import datetime
from functools import partial
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from tracker.kit.clock import SystemClock
from tracker.kit.runtime import Runtime
from webhooks.adapters import native
from webhooks.errors import (
    BodyTooLarge,
    NotJson,
    RateExceeded,
    ShopHasLeft,
    ShopUnknown,
    SignatureNotAccepted,
)
from webhooks.inbox.announcing import Announcer
from webhooks.inbox.door import NOBODY, Door, Doors
from webhooks.inbox.store import Inbox, Stored
from webhooks.signatures import verify

MAX_BODY = 256 * 1024
TASK = "inbox"


class Rate:
    """So many events a second of each shop, counted in this process."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._counts: dict[str, tuple[int, int]] = {}

    def allows(self, slug: str, now: datetime) -> bool:
        """Count an event; False when the second's share is used up.

        Two threads that count at once may count as one: a limit need not be that exact.
        """
        second = int(now.timestamp())
        counted_in, count = self._counts.get(slug, (second, 0))
        count = count + 1 if counted_in == second else 1
        self._counts[slug] = second, count
        return count <= self._limit


class FrontDoor:
    """The door of one web process."""

    def __init__(self, tools: Runtime) -> None:
        self._doors = Doors(tools.engine, tools.settings.secret_key)
        nudges = Announcer(partial(tools.nudger.nudge, TASK))
        self._inbox = Inbox(tools.engine, announce=nudges.ask)
        self._rate = Rate(tools.settings.webhook_rate)

    def receive(self, slug: str, headers: Any, body: bytes, now: datetime) -> tuple[str, Stored]:
        """The webhook-id and what became of the event. Raises what webhooks.errors names."""
        try:
            webhook_id, stored = self._admit(slug, self._doors.remembered(slug), headers, body, now)
        except (SignatureNotAccepted, ShopUnknown, ShopHasLeft):
            # Perhaps there is news of the shop since this process last looked.
            stored = Stored.DOOR_CHANGED
        while stored is Stored.DOOR_CHANGED:
            webhook_id, stored = self._admit(slug, self._doors.look_again(slug), headers, body, now)
        return webhook_id, stored

    def _admit(
        self, slug: str, door: Door, headers: Any, body: bytes, now: datetime
    ) -> tuple[str, Stored]:
        try:
            webhook_id = verify(headers, body, door.keys(now), now)
        except SignatureNotAccepted:
            if door is NOBODY:
                raise ShopUnknown from None
            raise
        if door.has_left:
            raise ShopHasLeft
        if not self._rate.allows(slug, now):
            raise RateExceeded(retry_after=1)
        native.read(body)
        return webhook_id, self._inbox.keep(door, webhook_id, body)


def build(door: FrontDoor) -> Blueprint:
    """The blueprint of a front door."""
    blueprint = Blueprint("webhooks", __name__, description="Partner shops report purchases")

    @blueprint.route("/webhooks/<slug>", methods=["POST"])
    @blueprint.doc(**_DOCUMENT)
    def receive(slug: str) -> Response:
        """Report what happened to a purchase."""
        body = _body()
        webhook_id, stored = door.receive(slug, request.headers, body, SystemClock().now())
        answer = json.dumps({"id": webhook_id, "status": stored})
        status = 202 if stored is Stored.ACCEPTED else 200
        return Response(answer, status, mimetype="application/json")

    return blueprint


def _body() -> bytes:
    if (request.content_length or 0) > MAX_BODY:
        raise BodyTooLarge
    # One byte more, or a longer body without a length would be cut at the limit unnoticed.
    request.max_content_length = MAX_BODY + 1
    # Read before it is refused: who is still sending would see a broken connection, not the answer.
    body = request.get_data(cache=False)
    if len(body) > MAX_BODY:
        raise BodyTooLarge
    if request.mimetype != "application/json" or request.headers.get("Content-Encoding"):
        raise NotJson
    return body


_ANSWERS = {
    200: "The same event came before: nothing happens twice",
    202: "Stored durably, once",
    400: "Unreadable",
    401: "No, old or wrong signature",
    404: "No such shop",
    409: "The webhook-id was used for another body",
    410: "The shop has left the programme",
    413: "More than 256 KiB",
    415: "Not application/json",
    422: "Readable but wrong: which field and why",
    429: "Above the shop's rate; see Retry-After",
    503: "Cannot store now; try again",
}

_DOCUMENT: dict[str, Any] = {
    "parameters": [
        {"in": "header", "name": name, "required": True, "schema": {"type": "string"}}
        for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    ],
    "requestBody": {"required": True, "content": {"application/json": {"schema": {}}}},
    "responses": {str(code): {"description": said} for code, said in _ANSWERS.items()},
}
