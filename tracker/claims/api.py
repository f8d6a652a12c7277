"""`/api/v1/claims`: a purchase did not appear, says a member."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from tracker.access.guard import acting_member, signed_in
from tracker.claims.answering import Hand
from tracker.claims.models import Claim
from tracker.claims.queries import claim_of, of_member
from tracker.claims.rules import Outcome
from tracker.claims.schemas import ClaimSchema, ClaimsPage, FilingSchema, PageQuery
from tracker.claims.service import Filing, file, withdraw
from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.errors import NotFound
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.purchases.settling import programme_of

IdsBySlug = Callable[[Session, Collection[str]], Mapping[str, int]]
"""Ids of shops by their slugs: shops are kept by another package."""

SlugsById = Callable[[Session, Collection[int]], Mapping[int, str]]
"""The other way round."""

Shown = Callable[[Session, list[Claim]], list[dict[str, Any]]]
"""What members see of claims."""


class ShopNotKnown(NotFound):
    """No such shop."""

    code = "shop_not_found"


def build(ids_by_slug: IdsBySlug, slugs_by_id: SlugsById) -> Blueprint:
    """The routes of members' claims, over the shops' slugs."""
    blueprint = Blueprint(
        "claims", __name__, url_prefix="/api/v1/claims", description="Purchases that did not appear"
    )
    shown = partial(_shown_all, slugs_by_id)
    _add_all(blueprint, shown, ids_by_slug)
    _add_one(blueprint, shown)
    return blueprint


def _add_all(blueprint: Blueprint, shown: Shown, ids_by_slug: IdsBySlug) -> None:
    @blueprint.route("")
    class Claims(MethodView):
        """A member's claims."""

        @signed_in
        @blueprint.arguments(PageQuery, location="query")
        @blueprint.response(200, ClaimsPage)
        def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
            """My claims, the newest first."""
            limit = wanted["limit"]
            with unit_of_work(runtime().engine) as session:
                me = acting_member().member_id
                found = of_member(session, me, before=wanted.get("cursor"), limit=limit + 1)
                items = shown(session, found)
            return page_of(items, limit=limit, cursor=lambda one: one["id"])

        @signed_in
        @blueprint.arguments(FilingSchema)
        @blueprint.response(201, ClaimSchema)
        @blueprint.doc(
            responses={
                "404": refusal("No such shop"),
                "409": refusal("Claimed before, or too many claims wait for an answer"),
            }
        )
        def post(self, told: dict[str, Any]) -> dict[str, Any]:
            """Claim a purchase, from 72 hours to 90 days after it. Often it is settled at once."""
            with unit_of_work(runtime().engine) as session:
                shop_id = ids_by_slug(session, [told["shop"]]).get(told["shop"])
                if shop_id is None:
                    raise ShopNotKnown
                filing = Filing(
                    shop_id,
                    told["order_id"],
                    told["ordered_at"],
                    told["amount"],
                    told["note"],
                    told["evidence"],
                )
                claim = file(_hand(session), acting_member().member_id, filing)
                return shown(session, [claim])[0]


def _add_one(blueprint: Blueprint, shown: Shown) -> None:
    @blueprint.route("/<int:claim_id>")
    class OneClaim(MethodView):
        """One of them."""

        @signed_in
        @blueprint.response(200, ClaimSchema)
        def get(self, claim_id: int) -> dict[str, Any]:
            """Where a claim stands."""
            with unit_of_work(runtime().engine) as session:
                return shown(session, [claim_of(session, claim_id, acting_member().member_id)])[0]

        @signed_in
        @blueprint.response(200, ClaimSchema)
        @blueprint.doc(responses={"409": refusal("Answered already")})
        def delete(self, claim_id: int) -> dict[str, Any]:
            """Take a claim back."""
            with unit_of_work(runtime().engine) as session:
                claim = withdraw(_hand(session), acting_member().member_id, claim_id)
                return shown(session, [claim])[0]


def _hand(session: Session) -> Hand:
    house = runtime()
    return Hand(session, house.settings.keys, programme_of(house.settings), house.clock.now())


def _shown_all(
    slugs_by_id: SlugsById, session: Session, claims: list[Claim]
) -> list[dict[str, Any]]:
    slugs = slugs_by_id(session, {one.shop_id for one in claims})
    return [_shown(one, slugs[one.shop_id]) for one in claims]


def _shown(claim: Claim, slug: str) -> dict[str, Any]:
    """A claim for its member, who is not told that another has the purchase."""
    names = ("id", "order_id", "ordered_at", "amount", "state", "filed_at", "deadline", "closed_at")
    outcome = claim.outcome
    if outcome == Outcome.ANOTHERS:
        outcome = Outcome.EVIDENCE_INSUFFICIENT
    told = {name: getattr(claim, name) for name in names}
    return told | {"shop": slug, "outcome": outcome and str(outcome)}
