"""`/api/v1/goals`: what a member saves for."""

from datetime import timedelta
from typing import Any

from flask.views import MethodView

from tracker.access.budgets import Budget, spend
from tracker.access.edge import REAL
from tracker.access.guard import acting_member, signed_in
from tracker.goals.models import Goal
from tracker.goals.queries import goal_of, open_goals_of
from tracker.goals.schemas import (
    GoalChangeSchema,
    GoalSchema,
    GoalsSchema,
    NewGoalSchema,
    OrderSchema,
)
from tracker.goals.service import change, create, drop, reorder
from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, runtime

blueprint = Blueprint(
    "goals", __name__, url_prefix="/api/v1/goals", description="What a member saves for"
)

ACTS_AN_HOUR = 100
"""Each can move money to and fro, and what moves stays in the books for good."""

_TOO_MANY = {"429": refusal("Goals were changed too often within the hour")}


def _one_act() -> None:
    house, me = runtime(), acting_member().member_id
    budget = Budget("goal acts member", str(me), ACTS_AN_HOUR, timedelta(hours=1))
    spend(house.engine, house.settings.keys, [budget], REAL.now())


@blueprint.route("")
class Goals(MethodView):
    """The goals that stand."""

    @signed_in
    @blueprint.response(200, GoalsSchema)
    def get(self) -> dict[str, Any]:
        """My goals in their order, and what the next auto-payment leaves alone for them."""
        with unit_of_work(runtime().engine) as session:
            found = open_goals_of(session, acting_member().member_id)
            return _shown_all(found)

    @signed_in
    @blueprint.arguments(NewGoalSchema)
    @blueprint.response(201, GoalSchema)
    @blueprint.doc(
        responses={"409": refusal("There are as many goals as there may be"), **_TOO_MANY}
    )
    def post(self, told: dict[str, Any]) -> dict[str, Any]:
        """Begin to save for something; what is available is put aside for it at once."""
        house = runtime()
        _one_act()
        with unit_of_work(house.engine, "goals.create") as session:
            me = acting_member().member_id
            return _shown(create(session, me, told["name"], told["target"], house.clock.now()))


@blueprint.route("/order")
class Order(MethodView):
    """Which is filled first."""

    @signed_in
    @blueprint.arguments(OrderSchema)
    @blueprint.response(200, GoalsSchema)
    @blueprint.doc(responses={"409": refusal("These are not the goals that stand"), **_TOO_MANY})
    def put(self, told: dict[str, Any]) -> dict[str, Any]:
        """Let goals be filled in another order from now on; what each has, it keeps."""
        _one_act()
        with unit_of_work(runtime().engine, "goals.reorder") as session:
            return _shown_all(reorder(session, acting_member().member_id, told["ids"]))


@blueprint.route("/<int:goal_id>")
class OneGoal(MethodView):
    """One of them."""

    @signed_in
    @blueprint.response(200, GoalSchema)
    def get(self, goal_id: int) -> dict[str, Any]:
        """How far a goal is; also one that is over."""
        with unit_of_work(runtime().engine) as session:
            return _shown(goal_of(session, goal_id, acting_member().member_id))

    @signed_in
    @blueprint.arguments(GoalChangeSchema)
    @blueprint.response(200, GoalSchema)
    @blueprint.doc(responses=_TOO_MANY)
    def patch(self, told: dict[str, Any], goal_id: int) -> dict[str, Any]:
        """Change the name or the sum, or pause it; what is too much for it is available again."""
        house = runtime()
        _one_act()
        with unit_of_work(house.engine, "goals.change") as session:
            me, now = acting_member().member_id, house.clock.now()
            return _shown(change(session, goal_id, me, now, **told))

    @signed_in
    @blueprint.response(200, GoalSchema)
    @blueprint.doc(responses=_TOO_MANY)
    def delete(self, goal_id: int) -> dict[str, Any]:
        """Give a goal up: its money is available again, or goes to the next goals."""
        house = runtime()
        _one_act()
        with unit_of_work(house.engine, "goals.drop") as session:
            me, now = acting_member().member_id, house.clock.now()
            return _shown(drop(session, goal_id, me, now))


def _shown(goal: Goal) -> dict[str, Any]:
    names = ("id", "name", "target", "reserved", "place", "state", "created_at", "reached_at")
    missing = 0 if goal.ended_at else goal.target - goal.reserved
    return {name: getattr(goal, name) for name in names} | {"missing": missing}


def _shown_all(goals: Any) -> dict[str, Any]:
    return {
        "items": [_shown(one) for one in goals],
        "reserved": sum(one.reserved for one in goals),
    }
