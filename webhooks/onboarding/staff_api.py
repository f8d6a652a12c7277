"""`/admin/api/v1/shops/<slug>/dialect` and `/secrets`: how a shop reports, and by which secrets."""

from datetime import timedelta
from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate

from partners.credentials.queries import SecretCard, secret_cards
from partners.shops.service import find
from tracker.audit.rules import MAX_REASON
from tracker.kit.database import unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, runtime
from tracker.proposals.queries import Row, shown_of
from tracker.proposals.schemas import PRINTABLE, ProposalSchema
from tracker.staff.guard import acting, requires
from tracker.staff.rules import Role
from webhooks.dialects import NAMES
from webhooks.onboarding.secrets import ISSUING, MAX_OVERLAP, ask_for
from webhooks.onboarding.service import choose, present

blueprint = Blueprint(
    "shop-dialects", __name__, url_prefix="/admin/api/v1/shops", description="How shops report"
)


class SchemeSchema(Schema):
    """One way to prove where an event comes from."""

    name = fields.String()
    field = fields.String(
        allow_none=True, metadata={"description": "Of the address or the form, for keys in them"}
    )
    trusted = fields.Boolean(metadata={"description": "What is not trusted confirms nothing"})
    proves = fields.String()


class DialectSchema(Schema):
    """The dialect that a shop speaks."""

    shop = fields.String()
    dialect = fields.String()
    about = fields.String()
    methods = fields.List(fields.String())
    shapes = fields.List(fields.String())
    schemes = fields.List(fields.Nested(SchemeSchema))
    mapping = fields.Dict(allow_none=True)


class ChosenSchema(DialectSchema):
    """The dialect that a shop speaks from now on, and what changed by it."""

    was = fields.String()
    changes = fields.Dict(metadata={"description": "Keys of the mapping that differ, by pointer"})
    saved = fields.Boolean(metadata={"description": "False: nothing new, or only checked"})


class ChoiceSchema(Schema):
    """A dialect, and a mapping where the dialect goes by one."""

    dialect = fields.String(required=True, validate=validate.OneOf(NAMES))
    mapping = fields.Dict(load_default=None, allow_none=True)


class HowSchema(Schema):
    """Whether to save it."""

    check = fields.Boolean(load_default=False, metadata={"description": "Only check"})


@blueprint.route("/<slug>/dialect")
class ShopDialect(MethodView):
    """A shop's dialect."""

    @requires(Role.VIEWER)
    @blueprint.response(200, DialectSchema)
    def get(self, slug: str) -> dict[str, Any]:
        """The dialect, and how far each of its schemes is to be trusted."""
        with unit_of_work(runtime().engine) as session:
            return present(session, slug)

    @requires(Role.ADMIN)
    @blueprint.arguments(HowSchema, location="query")
    @blueprint.arguments(ChoiceSchema)
    @blueprint.response(200, ChosenSchema)
    def put(self, how: dict[str, bool], wanted: dict[str, Any], slug: str) -> dict[str, Any]:
        """Let a shop speak a dialect from now on; what it sent before is read as it was then."""
        with unit_of_work(runtime().engine) as session:
            return choose(
                session,
                acting().login,
                slug,
                wanted["dialect"],
                wanted["mapping"],
                only_check=how["check"],
            )


class SecretWish(Schema):
    """A further secret for a shop."""

    rotate = fields.Boolean(
        load_default=False, metadata={"description": "Let the present secrets end"}
    )
    overlap_hours = fields.Integer(
        load_default=24,
        strict=True,
        validate=validate.Range(0, MAX_OVERLAP // timedelta(hours=1)),
        metadata={"description": "With `rotate`: how long they still hold"},
    )
    reason = fields.String(required=True, validate=[validate.Length(1, MAX_REASON), PRINTABLE])


class SecretCardSchema(Schema):
    """A secret, never what it is."""

    id = fields.Integer(required=True)
    kind = fields.String(required=True)
    created_at = fields.AwareDateTime(format="iso", required=True)
    valid_until = fields.AwareDateTime(format="iso", allow_none=True)
    revoked_at = fields.AwareDateTime(format="iso", allow_none=True)
    last_used_at = fields.AwareDateTime(format="iso", allow_none=True)


class SecretCards(Schema):
    """All of a shop's: there are a few."""

    items = fields.List(fields.Nested(SecretCardSchema))


@blueprint.route("/<slug>/secrets")
class ShopSecrets(MethodView):
    """A shop's webhook secrets."""

    @requires(Role.VIEWER)
    @blueprint.response(200, SecretCards)
    def get(self, slug: str) -> dict[str, list[SecretCard]]:
        """All secrets a shop ever had, never what they are."""
        with unit_of_work(runtime().engine) as session:
            return {"items": list(secret_cards(session, find(session, slug).id))}

    @requires(Role.ADMIN)
    @blueprint.arguments(SecretWish)
    @blueprint.response(201, ProposalSchema)
    @blueprint.doc(responses={"409": refusal("A secret for this shop waits for its approval")})
    def post(self, told: dict[str, Any], slug: str) -> Row:
        """Propose a further secret: who approves it is shown it, once (`told`)."""
        house = runtime()
        overlap = timedelta(hours=told["overlap_hours"]) if told["rotate"] else None
        with unit_of_work(house.engine, "secrets.propose") as session:
            asked = ask_for(session, house, slug, overlap, by=acting(), reason=told["reason"])
            return shown_of(session, asked.id, {ISSUING.name: ISSUING})
