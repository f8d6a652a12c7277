"""`/billing/callbacks`: the operator tells that something became of what it had accepted."""

import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import request
from flask.views import MethodView

from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.errors import Unauthenticated
from tracker.kit.http import Blueprint, runtime
from tracker.kit.logs import log
from tracker.reconciliation.schemas import CallbackSchema
from tracker.reconciliation.told import Hint, take_hints
from tracker.settlement.ports import Outcome
from tracker.settlement.rules import DELIVERY

SECURITY: dict[str, Any] = {
    "operator": {
        "type": "http",
        "scheme": "bearer",
        "description": "BILLING_CALLBACK_TOKEN, which the operator was given",
    }
}

P = ParamSpec("P")
R = TypeVar("R")

_LOG = log("reconciliation")

blueprint = Blueprint(
    "billing-callbacks", __name__, url_prefix="/billing", description="What the operator tells"
)


class CallerUnknown(Unauthenticated):
    """The operator's token is missing, or another."""

    code = "token_not_accepted"


def _from_the_operator(view: Callable[P, R]) -> Callable[P, R]:
    """Let the request through when it bears the operator's token; without one set, nobody."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        token = runtime().settings.billing_callback_token
        given = request.headers.get("Authorization", "")
        expected = f"Bearer {token}"
        if not token or not hmac.compare_digest(given.encode(), expected.encode()):
            raise CallerUnknown
        return view(*args, **kwargs)

    told: Callable[P, R] = Blueprint.doc(
        security=[{name: [] for name in SECURITY}],
        responses={"401": refusal("No token, or one that is not accepted")},
    )(guarded)
    return told


@blueprint.route("/callbacks")
class Callbacks(MethodView):
    """What the operator tells by itself."""

    @_from_the_operator
    @blueprint.arguments(CallbackSchema)
    @blueprint.response(204)
    @blueprint.doc(responses={"422": refusal("A result that is not as the protocol says")})
    def post(self, told: dict[str, Any]) -> None:
        """Tell that something became of top-ups. A hint: the tracker asks at once what it was."""
        hints = [
            Hint(one["key"], Outcome(one["status"]), one["amount"], one["reference"])
            for one in told["results"]
        ]
        house = runtime()
        with unit_of_work(house.engine, "reconciliation.callback") as session:
            asked = take_hints(session, hints)
        _LOG.info("callback_taken", results=len(hints), asked=asked)
        if asked:
            house.nudger.nudge(DELIVERY)
