"""How reports look to staff, and how they are asked for."""

from collections.abc import Iterable
from typing import Any, TypeAlias

from marshmallow import Schema, fields, validate

from tracker.kit.fields import Day, Moment, Percent, Period, Rubles
from tracker.reports.contracts import Column, Of, Question, Report
from tracker.reports.rules import ExportState, Format

MOST_LINES = 10_000
"""In one answer; what is longer is exported."""


_Fields: TypeAlias = dict[str, fields.Field[Any]]


def _questions() -> dict[Question, fields.Field[Any]]:
    return {
        Question.AS_OF: Moment(
            metadata={"description": "A business moment: what counts until then  [default: now]"}
        ),
        Question.KNOWN_AT: Moment(
            metadata={"description": "A real moment: what was known by then  [default: all]"}
        ),
        Question.SINCE: Day(
            metadata={
                "description": "The business day with which it begins"
                "  [default: the first of the month of as_of]"
            }
        ),
        Question.PERIOD: Period(
            metadata={"description": "The books of a month, such as 2011-01, instead of moments"},
        ),
        Question.SHOP: fields.String(metadata={"description": "One shop's part, by its slug"}),
    }


def _field(column: Column) -> fields.Field[Any]:
    kinds: dict[Of, Any] = {
        Of.KOPECKS: Rubles,
        Of.PERCENT: Percent,
        Of.COUNT: fields.Integer,
        Of.NUMBER: fields.Integer,
        Of.DAY: fields.Date,
        Of.MOMENT: fields.AwareDateTime,
        Of.TEXT: fields.String,
        Of.WORD: fields.String,
        Of.SHOP: fields.String,
    }
    options = {"format": "iso"} if column.of in (Of.DAY, Of.MOMENT) else {}
    made: fields.Field[Any] = kinds[column.of](
        allow_none=True, metadata={"description": column.about}, **options
    )
    return made


def query_of(report: Report) -> type[Schema]:
    """What one report can be asked."""
    taken = {str(name): one for name, one in _questions().items() if name in report.takes}
    limit = fields.Integer(
        load_default=1_000,
        validate=validate.Range(1, MOST_LINES),
        metadata={"description": "Lines at most; what is longer is exported"},
    )
    return Schema.from_dict({**taken, "limit": limit}, name=f"{_camel(report)}Query")


def answer_of(report: Report) -> type[Schema]:
    """What one report answers."""
    line = Schema.from_dict(_fields(report.columns), name=f"{_camel(report)}Line")
    said: _Fields = {
        "as_of": fields.AwareDateTime(format="iso"),
        "known_at": fields.AwareDateTime(format="iso", allow_none=True),
        "since": fields.Date(allow_none=True),
        "period": fields.String(allow_none=True),
        "shop": fields.String(allow_none=True),
        **_fields(report.figures),
        "lines": fields.List(fields.Nested(line)),
        "complete": fields.Boolean(
            metadata={"description": "False: there are more lines than were asked for"}
        ),
    }
    if report.totals:
        sums = _fields(report.column(name) for name in report.totals)
        said["totals"] = fields.Nested(
            Schema.from_dict(sums, name=f"{_camel(report)}Totals"),
            allow_none=True,
            metadata={"description": "None where there are more lines than are told here"},
        )
    return Schema.from_dict(said, name=f"{_camel(report)}Report")


def _fields(columns: Iterable[Column]) -> _Fields:
    return {column.name: _field(column) for column in columns}


def _camel(report: Report) -> str:
    return report.name.title().replace("-", "")


class ColumnSchema(Schema):
    """A column of a report."""

    name = fields.String()
    of = fields.String(validate=validate.OneOf([str(one) for one in Of]))
    about = fields.String()


class ReportSchema(Schema):
    """What can be asked for."""

    name = fields.String()
    about = fields.String()
    role = fields.String(metadata={"description": "Who may ask: this role, or more"})
    takes = fields.List(fields.String())
    columns = fields.List(fields.Nested(ColumnSchema))
    figures = fields.List(fields.Nested(ColumnSchema))
    totals = fields.List(fields.String())


class ReportsSchema(Schema):
    """All reports."""

    items = fields.List(fields.Nested(ReportSchema))


class ExportWishSchema(Schema):
    """A file that somebody wants; the rest as in the report's own address."""

    format = fields.String(
        load_default=str(Format.CSV), validate=validate.OneOf([str(one) for one in Format])
    )
    as_of = Moment()
    known_at = Moment()
    since = Day()
    period = Period()
    shop = fields.String()


class ExportSchema(Schema):
    """A file that somebody asked for."""

    id = fields.Integer()
    report = fields.String()
    format = fields.String()
    asked = fields.Dict(metadata={"description": "The question; a shop by its number"})
    state = fields.String(validate=validate.OneOf([str(one) for one in ExportState]))
    lines = fields.Integer(metadata={"description": "Read so far"})
    bytes = fields.Integer(metadata={"description": "Written so far"})
    sha256 = fields.String(allow_none=True, metadata={"description": "Of the whole file"})
    reason = fields.String(allow_none=True)
    requested_at = fields.AwareDateTime(format="iso")
    seen_at = fields.AwareDateTime(
        format="iso",
        allow_none=True,
        metadata={"description": "The one moment at which all of it was read"},
    )
    finished_at = fields.AwareDateTime(format="iso", allow_none=True)
    expires_at = fields.AwareDateTime(
        format="iso", allow_none=True, metadata={"description": "Until when it can be fetched"}
    )


class ExportsPage(Schema):
    """A page of exports; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(ExportSchema))
    next = fields.String(allow_none=True)


class ExportsFilter(Schema):
    """Which exports."""

    cursor = fields.Integer(load_default=0, validate=validate.Range(min=0, max=2**63 - 1))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 1000))
