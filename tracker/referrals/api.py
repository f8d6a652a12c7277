"""`GET /r/<code>` and `/api/v1/referral`: following a link, and what has come of one's own."""

from typing import Any

from flask import Response, request
from flask.views import MethodView
from sqlalchemy.orm import Session

from tracker.access.cookies import remember_touch, touch_of
from tracker.access.guard import acting_member, signed_in
from tracker.kit.clock import moscow_date
from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.referrals.ports import FriendState, Rewards
from tracker.referrals.queries import Friend, friends_of
from tracker.referrals.rules import TOUCH_LASTS, CodeNotKnown
from tracker.referrals.schemas import FriendsAsked, ReferralSchema, TouchedSchema, TouchSchema
from tracker.referrals.service import code_of, touch


def build(rewards: Rewards) -> Blueprint:
    """The routes; ``rewards`` tells what has come of friends."""
    blueprint = Blueprint("referral", __name__, description="Inviting friends")
    _following(blueprint)
    _telling(blueprint, rewards)
    return blueprint


def _following(blueprint: Blueprint) -> None:
    @blueprint.route("/r/<code>")
    class Link(MethodView):
        """A referral link."""

        @blueprint.response(
            302,
            description="To the club. A code of ours is remembered for 30 days, the first one only",
            headers={
                "Location": {"schema": {"type": "string"}},
                "Set-Cookie": {"schema": {"type": "string"}},
            },
        )
        def get(self, code: str) -> Response:
            """Come by a friend's link; by one that is none of ours one comes all the same."""
            house = runtime()
            response = Response(status=302, headers={"Location": f"{house.settings.public_url}/"})
            token = _touched(code) if _is_a_visit() else None
            if token:
                remember_touch(response, token, TOUCH_LASTS)
            return response

    @blueprint.route("/api/v1/referral/touch")
    class Touch(MethodView):
        """A referral link, opened in an app."""

        @blueprint.arguments(TouchedSchema)
        @blueprint.response(200, TouchSchema)
        @blueprint.doc(responses={"404": refusal("No link ends with this code")})
        def post(self, told: dict[str, str]) -> dict[str, str]:
            """The same for an app, which keeps what it is given and hands it to joining."""
            house = runtime()
            with unit_of_work(house.engine) as session:
                found = touch(
                    session,
                    house.settings.keys,
                    told["code"],
                    house.clock.now(),
                    first=told.get("touch"),
                )
            return {"touch": found}


def _touched(code: str) -> str | None:
    """What the visitor's browser is to keep from now on; None: what it has, or nothing."""
    house = runtime()
    first = touch_of(request)
    try:
        with unit_of_work(house.engine) as session:
            found = touch(session, house.settings.keys, code, house.clock.now(), first=first)
    except CodeNotKnown:
        return None
    return None if found == first else found


def _is_a_visit() -> bool:
    """Whether somebody follows the link, and it is not a picture of a page or fetched ahead."""
    ahead = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    page = request.headers.get("Sec-Fetch-Dest", "document") == "document"
    return request.method == "GET" and page and "prefetch" not in ahead


def _telling(blueprint: Blueprint, rewards: Rewards) -> None:
    @blueprint.route("/api/v1/referral")
    class Referral(MethodView):
        """A member's own link."""

        @signed_in
        @blueprint.arguments(FriendsAsked, location="query")
        @blueprint.response(200, ReferralSchema)
        def get(self, wanted: dict[str, int]) -> dict[str, Any]:
            """The link, what friends have brought, and how far each has come; not who they are."""
            house, member = runtime(), acting_member().member_id
            with unit_of_work(house.engine) as session:
                code = code_of(session, member)
                earned = rewards.earned(session, member)
                friends = _friends(session, rewards, member, wanted)
            return {
                "code": code,
                "link": f"{house.settings.public_url}/r/{code}",
                "reward": house.settings.referral_reward,
                "ceiling": house.settings.referral_ceiling,
                "pending": earned.pending,
                "confirmed": earned.confirmed,
                "friends": friends,
            }


def _friends(
    session: Session, rewards: Rewards, member: int, wanted: dict[str, int]
) -> dict[str, Any]:
    limit = wanted["limit"]
    found = friends_of(session, member, after=wanted["cursor"], limit=limit + 1)
    states = rewards.states(session, [one.member_id for one in found])
    page = page_of(found, limit=limit, cursor=lambda friend: friend.ordinal)
    return {**page, "items": [_shown(one, states.get(one.member_id)) for one in page["items"]]}


def _shown(one: Friend, state: FriendState | None) -> dict[str, Any]:
    return {
        "ordinal": one.ordinal,
        "joined": moscow_date(one.joined_at).isoformat()[:7],
        "state": str(state or FriendState.JOINED),
    }
