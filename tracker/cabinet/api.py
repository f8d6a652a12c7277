"""`/api/v1/me`, `/api/v1/balance`, `/api/v1/history`: what is a member's own."""

from dataclasses import asdict
from typing import Any

from flask.views import MethodView

from tracker.access.guard import acting_member, signed_in
from tracker.cabinet.explaining import explain
from tracker.cabinet.people import person
from tracker.cabinet.ports import ShopNames
from tracker.cabinet.schemas import (
    BalanceSchema,
    ChoicesSchema,
    ExplanationSchema,
    HistoryFilter,
    HistoryPage,
    MeSchema,
    PreferencesSchema,
)
from tracker.cabinet.service import Page, Standing, choices_of, choose, prefer
from tracker.cabinet.views import balance_view, explanation_view, history_view
from tracker.kit.database import snapshot, unit_of_work
from tracker.kit.http import Blueprint, runtime
from tracker.members.service import find


def build(shops: ShopNames) -> Blueprint:
    """The routes, over the shops' names."""
    blueprint = Blueprint(
        "cabinet", __name__, url_prefix="/api/v1", description="A member's own affairs"
    )
    _add_preferences(blueprint)
    _add_money(blueprint, shops)
    return blueprint


def _add_preferences(blueprint: Blueprint) -> None:
    @blueprint.route("/me")
    class Me(MethodView):
        """The member who asks."""

        @signed_in
        @blueprint.response(200, MeSchema)
        def get(self) -> dict[str, Any]:
            """Who one is here, and how one has set things up."""
            with snapshot(runtime().engine) as session:
                return _me(session)

        @signed_in
        @blueprint.arguments(PreferencesSchema)
        @blueprint.response(200, MeSchema)
        def patch(self, told: dict[str, Any]) -> dict[str, Any]:
            """Change the language, or turn the auto-payment on or off."""
            with unit_of_work(runtime().engine) as session:
                prefer(session, acting_member().member_id, told)
                return _me(session)

    @blueprint.route("/me/notifications")
    class Choices(MethodView):
        """By which channel one is told of what."""

        @signed_in
        @blueprint.response(200, ChoicesSchema)
        def get(self) -> dict[str, str]:
            """A channel for each topic, chosen or by default."""
            with snapshot(runtime().engine) as session:
                return choices_of(find(session, acting_member().member_id))

        @signed_in
        @blueprint.arguments(ChoicesSchema)
        @blueprint.response(200, ChoicesSchema)
        def put(self, told: dict[str, str]) -> dict[str, str]:
            """Choose anew; what is not named goes by its default again."""
            with unit_of_work(runtime().engine) as session:
                member = find(session, acting_member().member_id, lock=True)
                choose(session, member, told)
                return choices_of(member)


def _add_money(blueprint: Blueprint, shops: ShopNames) -> None:
    @blueprint.route("/balance")
    class MyBalance(MethodView):
        """The member's money."""

        @signed_in
        @blueprint.response(200, BalanceSchema)
        def get(self) -> Standing:
            """What is available, reserved, pending, on its way and spent, and what is owed."""
            with snapshot(runtime().engine) as session:
                return balance_view(session, runtime(), acting_member().member_id)

    @blueprint.route("/history")
    class MyHistory(MethodView):
        """The member's history."""

        @signed_in
        @blueprint.arguments(HistoryFilter, location="query")
        @blueprint.response(200, HistoryPage)
        def get(self, asked: dict[str, Any]) -> Page:
            """What was earned, rejected and paid, the latest first."""
            with snapshot(runtime().engine) as session:
                return history_view(session, runtime(), shops, acting_member().member_id, asked)

    @blueprint.route("/history/<line_id>")
    class MyLine(MethodView):
        """One line of it."""

        @signed_in
        @blueprint.response(200, ExplanationSchema)
        def get(self, line_id: str) -> dict[str, Any]:
            """Where a line comes from: its purchase, returns and rate, or its payment."""
            house = runtime()
            with snapshot(house.engine) as session:
                told = explain(session, house.settings.keys, acting_member().member_id, line_id)
                return explanation_view(session, house, shops, told)


def _me(session: Any) -> dict[str, Any]:
    settings = runtime().settings
    member = find(session, acting_member().member_id)
    session.refresh(member)
    me = asdict(person(session, settings.keys, member, masked=False))
    return me | {"referral_link": f"{settings.public_url}/r/{member.referral_code}"}
