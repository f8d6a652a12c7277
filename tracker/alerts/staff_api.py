"""`/admin/api/v1/alerts`: what somebody should look at."""

from collections.abc import Callable, Sequence
from typing import Any

from flask.views import MethodView

from tracker.alerts.models import Alert
from tracker.alerts.rules import Condition
from tracker.alerts.schemas import AcknowledgementSchema, AlertSchema, ConditionsSchema
from tracker.alerts.service import acknowledge
from tracker.alerts.views import shown
from tracker.kit.database import unit_of_work
from tracker.kit.http import Blueprint, runtime
from tracker.kit.settings import Settings
from tracker.staff.guard import acting, requires
from tracker.staff.rules import Role


def build(conditions_of: Callable[[Settings], Sequence[Condition]]) -> Blueprint:
    """The routes, over the conditions of all rooms."""
    blueprint = Blueprint(
        "alerts", __name__, url_prefix="/admin/api/v1/alerts", description="What to look at"
    )

    @blueprint.route("")
    class Alerts(MethodView):
        """Conditions."""

        @requires(Role.VIEWER)
        @blueprint.response(200, ConditionsSchema)
        def get(self) -> dict[str, Any]:
            """Every condition, and of what it holds; those that hold first."""
            house = runtime()
            with unit_of_work(house.engine) as session:
                return {"items": shown(session, conditions_of(house.settings))}

    @blueprint.route("/<name>/acknowledge")
    class Acknowledgement(MethodView):
        """Looking after one."""

        @requires(Role.OPERATOR)
        @blueprint.arguments(AcknowledgementSchema)
        @blueprint.response(200, AlertSchema)
        def post(self, told: dict[str, str], name: str) -> Alert:
            """Say that you look after an alert. It stays until what it is about is over."""
            with unit_of_work(runtime().engine) as session:
                return acknowledge(session, name, told["subject"], acting().login, told["note"])

    return blueprint
