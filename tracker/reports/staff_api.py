"""`/admin/api/v1/reports`: sums for the finance team."""

from datetime import datetime
from typing import Any

from flask.views import MethodView

from tracker.kit.database import snapshot
from tracker.kit.http import Blueprint, runtime
from tracker.reports.queries import Liability, liability
from tracker.reports.schemas import LiabilityQuery, LiabilitySchema
from tracker.staff.guard import requires
from tracker.staff.rules import Role

blueprint = Blueprint(
    "reports", __name__, url_prefix="/admin/api/v1/reports", description="Sums of the ledger"
)


@blueprint.route("/liability")
class LiabilityReport(MethodView):
    """What we owe."""

    @requires(Role.VIEWER)
    @blueprint.arguments(LiabilityQuery, location="query")
    @blueprint.response(200, LiabilitySchema)
    def get(self, wanted: dict[str, Any]) -> Liability:
        """What members are owed as of a business moment, certificates outstanding among it."""
        house = runtime()
        as_of: datetime = wanted.get("as_of") or house.clock.now()
        with snapshot(house.engine) as session:
            return liability(session, as_of)
