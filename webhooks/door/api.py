"""`/webhooks/<shop slug>` by WSGI: a thread for each request."""

import json
from datetime import datetime
from functools import partial

from flask import Response
from flask_smorest import Blueprint

from tracker.kit.clock import SystemClock
from tracker.kit.runtime import Runtime
from webhooks.door.document import BY_GET, BY_POST
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
        self._doors = Doors(tools.engine, tools.settings.keys)
        nudges = Announcer(partial(tools.nudger.nudge, TASK))
        self._inbox = Inbox(tools.engine, announce=nudges.ask)
        self._trials = Notebook(tools.engine)
        self._front = FrontDoor(
            self._doors,
            Limits.of(tools.settings),
            Watch(tools.engine),
            self._trials,
            tools.clock,
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

    def tell(slug: str) -> Response:
        answer = door.receive(slug, letter(MAX_BODY), SystemClock().now())
        said = json.dumps({"id": answer.event_id, "status": answer.stored})
        return Response(said, answer.status, mimetype="application/json")

    @blueprint.route("/webhooks/<slug>", methods=["POST"])
    @blueprint.doc(**BY_POST)
    def receive(slug: str) -> Response:
        """Report what happened to a purchase."""
        return tell(slug)

    @blueprint.route("/webhooks/<slug>", methods=["GET"])
    @blueprint.doc(**BY_GET)
    def receive_address(slug: str) -> Response:
        """Report it by an address alone, in a dialect that does so."""
        return tell(slug)

    return blueprint
