"""`/admin/api/v1/shops/<slug>/dialect`: which dialect a shop speaks, and another one."""

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate

from tracker.kit.database import unit_of_work
from tracker.kit.http import Blueprint, runtime
from tracker.staff.guard import acting, requires
from tracker.staff.rules import Role
from webhooks.dialects import NAMES
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
