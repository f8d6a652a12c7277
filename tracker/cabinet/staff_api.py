"""`/admin/api/v1/members`: a member as staff see one, masked; every search is audited."""

from typing import Any

from flask.views import MethodView

from tracker.audit.service import record
from tracker.cabinet.explaining import explain
from tracker.cabinet.people import Person, anyone, by_phone, person
from tracker.cabinet.ports import ShopNames
from tracker.cabinet.schemas import (
    BalanceSchema,
    ExplanationSchema,
    HistoryFilter,
    HistoryPage,
    MemberList,
    MemberSchema,
    MemberSearch,
)
from tracker.cabinet.service import Page, Standing
from tracker.cabinet.views import balance_view, explanation_view, history_view
from tracker.kit.database import snapshot, unit_of_work
from tracker.kit.http import Blueprint, runtime
from tracker.staff.guard import acting, requires
from tracker.staff.rules import Role

_ONE = "/<int:member_id>"


def build(shops: ShopNames) -> Blueprint:
    """The routes, over the shops' names."""
    blueprint = Blueprint(
        "members", __name__, url_prefix="/admin/api/v1/members", description="Members, masked"
    )
    _add_people(blueprint)
    _add_money(blueprint, shops)
    return blueprint


def _add_people(blueprint: Blueprint) -> None:
    @blueprint.route("")
    class Members(MethodView):
        """Members."""

        @requires(Role.OPERATOR)
        @blueprint.arguments(MemberSearch, location="query")
        @blueprint.response(200, MemberList)
        def get(self, asked: dict[str, str]) -> dict[str, list[Person]]:
            """The member whose own number this is now. That it was asked for is audited."""
            house = runtime()
            keys = house.settings.keys
            with unit_of_work(house.engine) as session:
                found = by_phone(session, keys, asked["phone"])
                subject = f"member:{found.id}" if found else "member:none"
                record(session, acting().login, "member.search", subject)
                people = [person(session, keys, found, masked=True)] if found else []
            return {"items": people}

    @blueprint.route(_ONE)
    class OneMember(MethodView):
        """One member."""

        @requires(Role.VIEWER)
        @blueprint.response(200, MemberSchema)
        def get(self, member_id: int) -> Person:
            """A member, also one who has left."""
            house = runtime()
            with snapshot(house.engine) as session:
                member = anyone(session, member_id)
                return person(session, house.settings.keys, member, masked=True)


def _add_money(blueprint: Blueprint, shops: ShopNames) -> None:
    @blueprint.route(f"{_ONE}/balance")
    class MembersBalance(MethodView):
        """A member's money."""

        @requires(Role.VIEWER)
        @blueprint.response(200, BalanceSchema)
        def get(self, member_id: int) -> Standing:
            """As the member sees it."""
            with snapshot(runtime().engine) as session:
                return balance_view(session, runtime(), member_id)

    @blueprint.route(f"{_ONE}/history")
    class MembersHistory(MethodView):
        """A member's history."""

        @requires(Role.VIEWER)
        @blueprint.arguments(HistoryFilter, location="query")
        @blueprint.response(200, HistoryPage)
        def get(self, asked: dict[str, Any], member_id: int) -> Page:
            """As the member sees it."""
            with snapshot(runtime().engine) as session:
                anyone(session, member_id)
                return history_view(session, runtime(), shops, member_id, asked)

    @blueprint.route(f"{_ONE}/history/<line_id>")
    class MembersLine(MethodView):
        """One line of it."""

        @requires(Role.VIEWER)
        @blueprint.response(200, ExplanationSchema)
        def get(self, member_id: int, line_id: str) -> dict[str, Any]:
            """Where it comes from, as the member sees it."""
            house = runtime()
            with snapshot(house.engine) as session:
                told = explain(session, house.settings.keys, member_id, line_id)
                return explanation_view(session, house, shops, told)
