"""`/admin/api/v1/audit`: who did what."""

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate

from tracker.audit.chain import breaks, walk_from
from tracker.audit.heads import forged, head_of, heads_kept, text_of
from tracker.audit.queries import entries
from tracker.kit.database import snapshot, unit_of_work
from tracker.kit.http import MAX_ID, Blueprint, page_of, runtime
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


class HeadSchema(Schema):
    """The end of the chain."""

    place = fields.Integer(metadata={"description": "How many acts are chained; 0: none yet"})
    hash = fields.String(allow_none=True, metadata={"description": "SHA-256, hexadecimal"})
    head = fields.String(
        allow_none=True,
        metadata={"description": "Both with our signature: `tracker audit verify --head` reads it"},
    )


class Stretch(Schema):
    """Which part of the chain."""

    after = fields.Integer(load_default=0, validate=validate.Range(0, MAX_ID))
    limit = fields.Integer(load_default=10_000, validate=validate.Range(1, 100_000))


class BreakSchema(Schema):
    """Where the chain does not hold."""

    place = fields.Integer(allow_none=True)
    entry_id = fields.Integer(allow_none=True, data_key="entry")
    why = fields.String()


class VerifiedSchema(Schema):
    """What was found; pass ``next`` as ``after`` of the next stretch."""

    checked = fields.Integer()
    breaks = fields.List(fields.Nested(BreakSchema))
    next = fields.Integer(allow_none=True, metadata={"description": "None at the chain's end"})


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


@blueprint.route("/head")
class ChainHead(MethodView):
    """The end of the chain."""

    @requires(Role.VIEWER)
    @blueprint.response(200, HeadSchema)
    def get(self) -> dict[str, Any]:
        """The last act's place and hash, signed: to be kept where the database is not."""
        house = runtime()
        with unit_of_work(house.engine) as session:
            found = head_of(session, house.settings.keys)
        if found is None:
            return {"place": 0, "hash": None, "head": None}
        return {"place": found.place, "hash": found.hash.hex(), "head": text_of(found)}


@blueprint.route("/verify")
class Verified(MethodView):
    """A check of the chain."""

    @requires(Role.VIEWER)
    @blueprint.arguments(Stretch, location="query")
    @blueprint.response(200, VerifiedSchema)
    def get(self, wanted: dict[str, int]) -> dict[str, Any]:
        """Make hashes anew, a stretch at a time, and the signatures of the heads in it. As a whole,
        and with heads that are kept elsewhere, the command `tracker audit verify` does it."""
        house = runtime()
        with snapshot(house.engine) as session:
            heads = heads_kept(session)
            walk = walk_from(session, wanted["after"], heads)
            found = list(breaks(session, walk, limit=wanted["limit"]))
        passed = [one for one in heads if wanted["after"] < one.place <= walk.place]
        found += forged(house.settings.keys, passed)
        more = walk.checked == wanted["limit"]
        return {"checked": walk.checked, "breaks": found, "next": walk.place if more else None}
