"""`/admin/api/v1/audit`: who did what."""

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate

from tracker.audit.queries import entries
from tracker.kit.database import unit_of_work
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.staff.guard import requires
from tracker.staff.rules import Role

blueprint = Blueprint(
    "audit", __name__, url_prefix="/admin/api/v1/audit", description="Who did what, and why"
)


class AuditFilter(Schema):
    """Which acts."""

    who = fields.String()
    action = fields.String()
    subject = fields.String()
    cursor = fields.Integer(load_default=0)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class AuditEntrySchema(Schema):
    """One act."""

    id = fields.Integer()
    at = fields.AwareDateTime(format="iso")
    who = fields.String()
    action = fields.String()
    subject = fields.String()
    reason = fields.String(allow_none=True)
    before = fields.Dict(allow_none=True)
    after = fields.Dict(allow_none=True)


class AuditPage(Schema):
    """A page of acts; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(AuditEntrySchema))
    next = fields.String(allow_none=True)


@blueprint.route("")
class Audit(MethodView):
    """The audit."""

    @requires(Role.VIEWER)
    @blueprint.arguments(AuditFilter, location="query")
    @blueprint.response(200, AuditPage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Acts in the order in which they were done."""
        with unit_of_work(runtime().engine) as session:
            found = entries(
                session,
                who=wanted.get("who"),
                action=wanted.get("action"),
                subject=wanted.get("subject"),
                after=wanted["cursor"],
                limit=wanted["limit"] + 1,
            )
        return page_of(found, limit=wanted["limit"], cursor=lambda entry: entry.id)
