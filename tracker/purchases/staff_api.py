"""`/admin/api/v1/purchases`: what the shops reported, also what is nobody's or unmatched.

And `/admin/api/v1/referrals`: what friends' purchases bring whoever invited them.
"""

from typing import Any

from flask.views import MethodView

from tracker.clicks.sanity import Sign
from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.purchases.flags_desk import Flagged, FlagNotFound, Wanted, flagged, review
from tracker.purchases.queries import listed
from tracker.purchases.reward_desk import review as review_reward
from tracker.purchases.reward_models import ReferralReward
from tracker.purchases.reward_queries import listed as rewards_listed
from tracker.purchases.rewards import Decision, RewardState
from tracker.purchases.rules import Status
from tracker.purchases.schemas import (
    FlagFilter,
    FlagPage,
    FlagSchema,
    PurchaseFilter,
    PurchasePage,
    ReviewSchema,
    RewardDecisionSchema,
    RewardFilter,
    RewardPage,
    RewardSchema,
)
from tracker.purchases.settling import programme_of
from tracker.staff.guard import acting, requires
from tracker.staff.rules import Role

blueprint = Blueprint(
    "purchases", __name__, url_prefix="/admin/api/v1/purchases", description="Reported purchases"
)

referrals = Blueprint(
    "referrals", __name__, url_prefix="/admin/api/v1/referrals", description="Referral rewards"
)


@blueprint.route("")
class Purchases(MethodView):
    """Purchases."""

    @requires(Role.VIEWER)
    @blueprint.arguments(PurchaseFilter, location="query")
    @blueprint.response(200, PurchasePage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Purchases in the order they were first heard of."""
        with unit_of_work(runtime().engine) as session:
            found = listed(
                session,
                status=Status(wanted["status"]) if "status" in wanted else None,
                shop_id=wanted.get("shop_id"),
                member_id=wanted.get("member_id"),
                order_id=wanted.get("order_id"),
                after=wanted["cursor"],
                limit=wanted["limit"] + 1,
            )
        return page_of(found, limit=wanted["limit"], cursor=lambda purchase: purchase.id)


@blueprint.route("/flags")
class Flags(MethodView):
    """What looks odd of purchases."""

    @requires(Role.VIEWER)
    @blueprint.arguments(FlagFilter, location="query")
    @blueprint.response(200, FlagPage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Flags in the order in which they were noted, each with its purchase."""
        with unit_of_work(runtime().engine) as session:
            which = Wanted(
                flag=Sign(wanted["flag"]) if "flag" in wanted else None,
                shop_id=wanted.get("shop_id"),
                reviewed=wanted.get("reviewed"),
                after=wanted["cursor"],
                limit=wanted["limit"] + 1,
            )
            found = flagged(session, which)
        return page_of(found, limit=wanted["limit"], cursor=lambda flag: flag.id)


@blueprint.route("/flags/<int:purchase_id>/<flag>/review")
class FlagReview(MethodView):
    """Somebody has looked at a flag."""

    @requires(Role.OPERATOR)
    @blueprint.arguments(ReviewSchema)
    @blueprint.response(200, FlagSchema)
    @blueprint.doc(
        responses={
            "400": refusal("The body cannot be read"),
            "409": refusal("Somebody has reviewed it already"),
        }
    )
    def post(self, given: dict[str, str], purchase_id: int, flag: str) -> Flagged:
        """Keep what was found; it moves no money, and stands for good."""
        if flag not in [*Sign]:
            raise FlagNotFound(f"there is no flag {flag!r}")
        with unit_of_work(runtime().engine) as session:
            return review(session, purchase_id, Sign(flag), acting().login, given["note"])


@referrals.route("")
class Rewards(MethodView):
    """Referral rewards."""

    @requires(Role.VIEWER)
    @referrals.arguments(RewardFilter, location="query")
    @referrals.response(200, RewardPage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Rewards in the order in which the friends first bought; those held are in `review`."""
        with unit_of_work(runtime().engine) as session:
            found = rewards_listed(
                session,
                state=RewardState(wanted["state"]) if "state" in wanted else None,
                inviter_id=wanted.get("inviter_id"),
                after=wanted["cursor"],
                limit=wanted["limit"] + 1,
            )
        return page_of(found, limit=wanted["limit"], cursor=lambda reward: reward.id)


@referrals.route("/<int:friend_id>/review")
class RewardReview(MethodView):
    """The word of staff on a reward that is held."""

    @requires(Role.OPERATOR)
    @referrals.arguments(RewardDecisionSchema)
    @referrals.response(200, RewardSchema)
    @referrals.doc(responses={"409": refusal("It is not held, or not any more")})
    def post(self, said: dict[str, str], friend_id: int) -> ReferralReward:
        """Approve or refuse the reward for a friend; it stands for good."""
        house = runtime()
        with unit_of_work(house.engine) as session:
            return review_reward(
                session,
                friend_id,
                Decision(said["decision"]),
                who=acting().login,
                reason=said["reason"],
                at=house.clock.now(),
                programme=programme_of(house.settings),
            )
