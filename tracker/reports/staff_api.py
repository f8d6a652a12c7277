"""`/admin/api/v1/reports`: what finance reads, at once or as a file."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from flask.views import MethodView

from tracker.audit.service import record
from tracker.kit.database import snapshot, unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.reports.contracts import Report, Reports
from tracker.reports.exporting import pieces_of
from tracker.reports.models import ReportExport
from tracker.reports.queries import export_of, exports_of, file_of
from tracker.reports.questions import report_named, written
from tracker.reports.reading import Reading, Shops, asked_of
from tracker.reports.rules import TASK, Format
from tracker.reports.schemas import (
    ExportSchema,
    ExportsFilter,
    ExportsPage,
    ExportWishSchema,
    ReportsSchema,
    answer_of,
    query_of,
)
from tracker.reports.service import ask
from tracker.staff.guard import acting, requires
from tracker.staff.rules import Role, RoleTooLow


def build(reports: Reports, shops: Shops) -> Blueprint:
    """The routes, over the reports of all rooms."""
    blueprint = Blueprint(
        "reports",
        __name__,
        url_prefix="/admin/api/v1/reports",
        description="What finance reads, as of any moment",
    )
    _list(blueprint, reports)
    for report in reports.values():
        _read(blueprint, report, shops)
    _no_other(blueprint, reports)
    _export(blueprint, reports, shops)
    _exports(blueprint)
    return blueprint


def _list(blueprint: Blueprint, reports: Reports) -> None:
    @blueprint.route("")
    class AllReports(MethodView):
        """All reports."""

        @requires(Role.VIEWER)
        @blueprint.response(200, ReportsSchema)
        def get(self) -> dict[str, Any]:
            """What can be asked for, and what each column says."""
            return {"items": [_told(one) for one in reports.values()]}


def _told(report: Report) -> dict[str, Any]:
    return {
        "name": report.name,
        "about": report.about,
        "role": str(report.role),
        "takes": sorted(report.takes),
        "columns": report.columns,
        "figures": report.figures,
        "totals": report.totals,
    }


def _read(blueprint: Blueprint, report: Report, shops: Shops) -> None:
    @blueprint.route(f"/{report.name}", endpoint=report.name)
    class OneReport(MethodView):
        """One of them."""

        @requires(report.role)
        @blueprint.arguments(query_of(report), location="query")
        @blueprint.response(200, answer_of(report))
        @blueprint.doc(
            summary=report.about,
            responses={"422": refusal("It cannot be asked this; `errors` says what of it")},
        )
        def get(self, told: dict[str, Any]) -> dict[str, Any]:
            house = runtime()
            with snapshot(house.engine) as session:
                asked = asked_of(session, report, told, shops, house.clock.now())
                reading = Reading.begin(session, report, asked, shops.slugs(session))
                return _answer(reading, told)


def _no_other(blueprint: Blueprint, reports: Reports) -> None:
    @blueprint.route("/<unknown>")
    class NoReport(MethodView):
        """What is no report."""

        @requires(Role.VIEWER)
        @blueprint.doc(responses={"404": refusal("There is no report of this name")})
        def get(self, unknown: str) -> None:
            """No report is called so; `detail` names those that there are."""
            report_named(reports, unknown)


def _answer(reading: Reading, told: Mapping[str, Any]) -> dict[str, Any]:
    report, asked, limit = reading.report, reading.asked, told["limit"]
    names = [column.name for column in report.columns]
    lines = [dict(zip(names, row, strict=True)) for row in reading.rows(limit + 1)]
    return {
        "as_of": asked.as_of,
        "known_at": asked.known_at,
        "since": asked.since,
        "period": asked.period,
        "shop": told.get("shop"),
        **reading.figures(),
        "lines": lines[:limit],
        "complete": len(lines) <= limit,
        "totals": reading.totals,
    }


def _export(blueprint: Blueprint, reports: Reports, shops: Shops) -> None:
    @blueprint.route("/<report_name>/exports")
    class ReportExports(MethodView):
        """A report as a file."""

        @requires(Role.OPERATOR)
        @blueprint.arguments(ExportWishSchema)
        @blueprint.response(202, ExportSchema)
        @blueprint.doc(responses={"429": refusal("Many of yours wait already")})
        def post(self, told: dict[str, Any], report_name: str) -> ReportExport:
            """Ask for a file. Workers write it; it is yours alone, and gone after a while.

            It is read in one moment. The same question asked again while it is being written is
            the same export.
            """
            house, person = runtime(), acting()
            report = report_named(reports, report_name)
            if not person.role.includes(report.role):
                raise RoleTooLow(f"{person.login} is {person.role}, {report.role} is needed")
            form = Format(told["format"])
            with unit_of_work(house.engine, "reports.ask") as session:
                asked = asked_of(session, report, told, shops, house.clock.now())
                made = ask(session, person.login, report, form, asked)
                session.refresh(made)
                said = {"format": str(form), **written(asked)}
                record(session, person.login, "report.export", f"report:{report.name}", after=said)
            house.nudger.nudge(TASK)
            return made


def _exports(blueprint: Blueprint) -> None:
    @blueprint.route("/exports")
    class Exports(MethodView):
        """Files that somebody asked for."""

        @requires(Role.VIEWER)
        @blueprint.arguments(ExportsFilter, location="query")
        @blueprint.response(200, ExportsPage)
        def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
            """Your exports, the latest first."""
            limit = wanted["limit"]
            with unit_of_work(runtime().engine) as session:
                found = exports_of(session, acting().login, after=wanted["cursor"], limit=limit + 1)
            return page_of(found, limit=limit, cursor=lambda one: one.id)

    @blueprint.route("/exports/<int:export_id>")
    class OneExport(MethodView):
        """One of them."""

        @requires(Role.VIEWER)
        @blueprint.response(200, ExportSchema)
        def get(self, export_id: int) -> ReportExport:
            """How far an export of yours is."""
            with unit_of_work(runtime().engine) as session:
                return export_of(session, acting().login, export_id)

    @blueprint.route("/exports/<int:export_id>/file")
    class ExportFile(MethodView):
        """The file itself."""

        @requires(Role.VIEWER)
        @blueprint.response(
            200, {"type": "string", "format": "binary"}, content_type="application/octet-stream"
        )
        @blueprint.doc(
            responses={
                "409": refusal("It is not written yet, or could not be"),
                "410": refusal("It could be fetched for a while, and that is over"),
            }
        )
        def get(self, export_id: int) -> Response:
            """An export of yours that is done, whole."""
            engine = runtime().engine
            with unit_of_work(engine) as session:
                found = file_of(session, acting().login, export_id)
            answer = Response(pieces_of(engine, found), mimetype="application/octet-stream")
            answer.headers["Content-Length"] = str(found.bytes)
            name = f"{found.report}-{found.id}.{found.format}"
            answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
            return answer
