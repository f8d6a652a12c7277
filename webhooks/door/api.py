"""`/webhooks/<shop slug>` by WSGI: a thread for each request."""

import json
from datetime import datetime
from functools import partial
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from tracker.kit.clock import SystemClock
from tracker.kit.runtime import Runtime
from webhooks.door.doors import Door, Doors, Look
from webhooks.door.letterbox import letter
from webhooks.door.reception import MAX_BODY, Answer, FrontDoor, Keep, Limits, Steps, Try
from webhooks.inbox.announcing import Announcer
from webhooks.inbox.store import Inbox, Stored
from webhooks.observations.watch import Watch
from webhooks.trials.notebook import Notebook
from webhooks.wire.letters import Letter

TASK = "inbox"


class Threads:
    """A front door whose requests each wait in a thread of their own."""

    def __init__(self, tools: Runtime) -> None:
        self._doors = Doors(tools.engine, tools.settings.secret_key)
        nudges = Announcer(partial(tools.nudger.nudge, TASK))
        self._inbox = Inbox(tools.engine, announce=nudges.ask)
        self._trials = Notebook(tools.engine)
        self._front = FrontDoor(
            self._doors, Limits.of(tools.settings), Watch(tools.engine), self._trials
        )

    def receive(self, slug: str, told: Letter, now: datetime) -> Answer:
        """Let an event in; durable on return. Raises what webhooks.errors names."""
        return self._drive(self._front.receive(slug, told, now))

    def _drive(self, steps: Steps) -> Answer:
        wanted = next(steps)
        try:
            while True:
                try:
                    found = self._ask(wanted)
                except Exception as error:
                    wanted = steps.throw(error)
                else:
                    wanted = steps.send(found)
        except StopIteration as end:
            answer: Answer = end.value
            return answer

    def _ask(self, wanted: Look | Keep | Try) -> Door | Stored:
        if isinstance(wanted, Look):
            return self._doors.look(wanted)
        if isinstance(wanted, Try):
            return self._trials.keep(wanted.let_in)
        return self._inbox.keep(wanted.incoming)


def build(door: Threads) -> Blueprint:
    """The blueprint of a front door."""
    blueprint = Blueprint("webhooks", __name__, description="Partner shops report purchases")

    @blueprint.route("/webhooks/<slug>", methods=["POST", "GET"])
    @blueprint.doc(**_DOCUMENT)
    def receive(slug: str) -> Response:
        """Report what happened to a purchase."""
        answer = door.receive(slug, letter(MAX_BODY), SystemClock().now())
        said = json.dumps({"id": answer.event_id, "status": answer.stored})
        return Response(said, answer.status, mimetype="application/json")

    return blueprint


_ANSWERS = {
    200: "The same event came before: nothing happens twice",
    202: "Stored durably, once",
    400: "Unreadable",
    401: "No, old or wrong signature",
    404: "No such shop",
    405: "Not by this method, in the shop's dialect",
    409: "The webhook-id was used for another body",
    410: "The shop has left the programme",
    413: "Too large",
    415: "Of a media type that the shop's dialect does not use",
    422: "Readable but wrong: which field and why",
    429: "Above the shop's rate; see Retry-After",
    503: "Cannot store now; try again",
}

_DOCUMENT: dict[str, Any] = {
    "parameters": [
        {"in": "header", "name": name, "required": False, "schema": {"type": "string"}}
        for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    ],
    "requestBody": {"required": True, "content": {"application/json": {"schema": {}}}},
    "responses": {str(code): {"description": said} for code, said in _ANSWERS.items()},
}
