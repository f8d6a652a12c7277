"""`/admin/api/v1/{invoices,payments,receivables,funding}`: what shops owe us."""

from typing import Any

from flask import Response
from flask.views import MethodView

from partners.receivables import funding, issuing
from partners.receivables.acts import WRITING_OFF, payload_of
from partners.receivables.matching import set_off
from partners.receivables.models import InvoiceRun
from partners.receivables.papers import as_pdf, as_workbook
from partners.receivables.queries import ageing, invoice_of, listed, shop_named
from partners.receivables.rules import TASK, Part
from partners.receivables.schemas import (
    AllocationsSchema,
    DayQuery,
    FundingSchema,
    InvoiceFilter,
    InvoiceRunSchema,
    InvoiceSchema,
    InvoicesPage,
    IssueSchema,
    MatchSchema,
    PaymentTermsSchema,
    ReceivablesSchema,
    WriteOffSchema,
)
from partners.receivables.terms import Terms, set_terms, terms_of
from partners.shops.service import find
from tracker.kit.clock import moscow_date
from tracker.kit.database import snapshot, unit_of_work
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint, page_of, runtime
from tracker.kit.settings import Settings
from tracker.proposals.queries import Row, shown_of
from tracker.proposals.schemas import ProposalSchema
from tracker.proposals.service import Wish, propose
from tracker.staff.guard import acting, requires
from tracker.staff.rules import Role

blueprint = Blueprint(
    "receivables", __name__, url_prefix="/admin/api/v1", description="What shops owe us"
)
_FILE = {"type": "string", "format": "binary"}
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OTHERS = {"409": refusal("More than is left or open, another shop's, or over already")}


def house_terms(settings: Settings) -> Terms:
    """The terms of shops that have none of their own."""
    return Terms(payment_days=settings.invoice_days)


def _parts(told: dict[str, Any]) -> list[Part] | None:
    return None if told["oldest_first"] else [Part(**one) for one in told["parts"]]


def _attached(file: bytes, kind: str, name: str) -> Response:
    answer = Response(file, mimetype=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@blueprint.route("/shops/<slug>/payment-terms")
class PaymentTerms(MethodView):
    """How a shop pays us."""

    @requires(Role.VIEWER)
    @blueprint.response(200, PaymentTermsSchema)
    def get(self, slug: str) -> Terms:
        """A shop's terms of payment; the house's where it has none."""
        house = runtime()
        with unit_of_work(house.engine) as session:
            return terms_of(session, find(session, slug).id, house_terms(house.settings))

    @requires(Role.OPERATOR)
    @blueprint.arguments(PaymentTermsSchema)
    @blueprint.response(200, PaymentTermsSchema)
    def put(self, told: dict[str, Any], slug: str) -> Terms:
        """Let a shop have these terms, from its next invoice on."""
        house, wanted = runtime(), Terms(**told)
        with unit_of_work(house.engine) as session:
            set_terms(session, find(session, slug).id, slug, wanted, acting().login)
        return wanted


@blueprint.route("/invoices")
class Invoices(MethodView):
    """Invoices."""

    @requires(Role.VIEWER)
    @blueprint.arguments(InvoiceFilter, location="query")
    @blueprint.response(200, InvoicesPage)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Invoices and credit notes in the order in which they were issued."""
        cursor, limit, slug = wanted.pop("cursor"), wanted.pop("limit"), wanted.pop("shop", None)
        with snapshot(runtime().engine) as session:
            shop_id = None if slug is None else shop_named(session, slug)
            found = listed(session, shop_id=shop_id, after=cursor, limit=limit + 1, **wanted)
        return page_of(found, limit=limit, cursor=lambda one: one.id)


@blueprint.route("/invoices/issue")
class Issuing(MethodView):
    """Issuing them."""

    @requires(Role.OPERATOR)
    @blueprint.arguments(IssueSchema)
    @blueprint.response(202, InvoiceRunSchema)
    @blueprint.doc(responses={"409": refusal("The month is not closed")})
    def post(self, told: dict[str, str]) -> InvoiceRun:
        """Have a worker issue the invoices of a closed month, dated today; once."""
        house = runtime()
        with unit_of_work(house.engine) as session:
            who, now = acting().login, house.clock.now()
            issuer = house.settings.invoice_issuer
            run = issuing.ask(session, told["period"], who, now, issuer)
        house.nudger.nudge(TASK)
        return run


@blueprint.route("/invoices/<int:invoice_id>")
class OneInvoice(MethodView):
    """One of them."""

    @requires(Role.VIEWER)
    @blueprint.response(200, InvoiceSchema)
    def get(self, invoice_id: int) -> Any:
        """An invoice, and what is open of it."""
        with snapshot(runtime().engine) as session:
            invoice_of(session, invoice_id)
            return listed(session, after=invoice_id - 1, limit=1)[0]


@blueprint.route("/invoices/<int:invoice_id>/pdf")
class InvoicePages(MethodView):
    """On paper."""

    @requires(Role.VIEWER)
    @blueprint.response(200, _FILE, content_type="application/pdf")
    def get(self, invoice_id: int) -> Response:
        """An invoice on paper, day by day; the same bytes whenever it is asked for."""
        with snapshot(runtime().engine) as session:
            number, pages = as_pdf(session, invoice_id)
        return _attached(pages, "application/pdf", f"{number}.pdf")


@blueprint.route("/invoices/<int:invoice_id>/xlsx")
class InvoiceWorkbook(MethodView):
    """With every line."""

    @requires(Role.VIEWER)
    @blueprint.response(200, _FILE, content_type=_XLSX)
    @blueprint.doc(responses={"409": refusal("It has many lines: workers write such a file")})
    def get(self, invoice_id: int) -> Response:
        """Every line of an invoice, as a workbook; the same bytes whenever it is asked for."""
        with snapshot(runtime().engine) as session:
            number, book = as_workbook(session, invoice_id)
        return _attached(book, _XLSX, f"{number}.xlsx")


@blueprint.route("/invoices/<int:invoice_id>/set-off")
class SettingOff(MethodView):
    """A credit note against invoices."""

    @requires(Role.OPERATOR)
    @blueprint.arguments(MatchSchema)
    @blueprint.response(200, AllocationsSchema)
    @blueprint.doc(responses=_OTHERS)
    def post(self, told: dict[str, Any], invoice_id: int) -> dict[str, Any]:
        """Let a credit note lessen invoices of its shop."""
        with unit_of_work(runtime().engine) as session:
            made = set_off(session, invoice_id, _parts(told), acting().login)
            return {"items": made}


@blueprint.route("/invoices/<int:invoice_id>/write-off")
class WritingOff(MethodView):
    """Giving one up."""

    @requires(Role.OPERATOR)
    @blueprint.arguments(WriteOffSchema)
    @blueprint.response(202, ProposalSchema)
    @blueprint.doc(responses=_OTHERS)
    def post(self, told: dict[str, Any], invoice_id: int) -> Row:
        """Propose to give up what a shop owes of an invoice; another person approves it."""
        house = runtime()
        with unit_of_work(house.engine) as session:
            subject = f"invoice:{invoice_id}"
            wish = Wish(
                payload=payload_of(invoice_id, told["amount"]),
                subject=subject,
                reason=told["reason"],
                slot=subject,
            )
            one = propose(session, house, WRITING_OFF, wish, acting())
            return shown_of(session, one.id, {WRITING_OFF.name: WRITING_OFF})


@blueprint.route("/receivables")
class Receivables(MethodView):
    """What shops owe."""

    @requires(Role.VIEWER)
    @blueprint.arguments(DayQuery, location="query")
    @blueprint.response(200, ReceivablesSchema)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """What each shop owes at the end of a business date, by how long it is overdue."""
        house = runtime()
        day = wanted.get("day") or moscow_date(house.clock.now())
        with snapshot(house.engine) as session:
            found = ageing(session, day)
        return {"day": day, "total": sum(int(row.owed) for row in found), "items": found}


@blueprint.route("/funding")
class Funding(MethodView):
    """What we lend to shops."""

    @requires(Role.VIEWER)
    @blueprint.arguments(DayQuery, location="query")
    @blueprint.response(200, FundingSchema)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """What members had of each shop's cashback before it paid, as reckoned on a date."""
        house = runtime()
        with snapshot(house.engine) as session:
            day = wanted.get("day") or funding.last_day(session)
            limit = house.settings.funding_limit
            found = funding.standing(session, day, limit) if day else []
        return {"day": day, "funded": sum(row["funded"] for row in found), "items": found}
