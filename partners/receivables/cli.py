"""`tracker invoices …`, `tracker payments …`, `tracker funding`."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from partners.receivables import bank_files, funding, issuing, payments
from partners.receivables.papers import as_pdf, as_workbook
from partners.receivables.queries import invoice_numbered, listed, lock_files
from partners.receivables.queries import payments as payments_listed
from partners.receivables.rules import TASK
from partners.shops.service import all_ids
from tracker.kit.cli import as_of_option, json_option, moment_of, runtime_of, show, show_rows
from tracker.kit.csvfiles import Writing
from tracker.kit.database import snapshot, unit_of_work
from tracker.kit.money import format_rubles
from tracker.staff.cli import acting_on, token_option
from tracker.staff.rules import Role

_limit = click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
_after = click.option("--after", type=click.IntRange(min=0), default=0, help="Only beyond this id.")
_file = click.Path(dir_okay=False, writable=True, path_type=Path)
_OF_INVOICE = ("id", "number", "shop", "period", "kind", "amount", "open", "due_on")
_SUMS = ("amount", "open", "left_over", "paid_to_members", "covered", "funded", "limit")


@click.group("invoices")
def invoices() -> None:
    """Invoices to shops, by month."""


@invoices.command("issue")
@click.argument("period")
@as_of_option
@token_option
@json_option
@click.pass_context
def issue(
    ctx: click.Context, period: str, *, as_of: datetime | None, token: str | None, as_json: bool
) -> None:
    """Have a worker issue the invoices of a closed month, such as 2011-01, dated today."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        who = acting_on(session, runtime, token, Role.OPERATOR)
        now, issuer = moment_of(as_of, runtime.clock), runtime.settings.invoice_issuer
        run = issuing.ask(session, period, who, now, issuer)
    runtime.nudger.nudge(TASK)
    show(
        {"period": run.period, "issued_on": run.issued_on, "invoices": run.invoices},
        as_json=as_json,
    )


@invoices.command("list")
@click.option("--shop", help="Only of this shop, by its slug.")
@click.option("--period", help="Only of this month.")
@click.option("--open", "only_open", is_flag=True, help="Only those that are not paid.")
@_after
@_limit
@json_option
@click.pass_context
def list_invoices(ctx: click.Context, /, *, shop: str | None, as_json: bool, **wanted: Any) -> None:
    """Invoices and credit notes in the order in which they were issued."""
    with snapshot(runtime_of(ctx).engine) as session:
        shop_id = all_ids(session).get(shop, -1) if shop else None
        found = listed(session, shop_id=shop_id, **wanted)
    show_rows([_row(one, _OF_INVOICE) for one in found], as_json=as_json, empty="no invoices")


@invoices.command("show")
@click.argument("number")
@click.option("--pdf", type=_file, help="Write it there on paper.")
@click.option("--xlsx", type=_file, help="Write its lines there as a workbook.")
@json_option
@click.pass_context
def show_invoice(
    ctx: click.Context, number: str, *, pdf: Path | None, xlsx: Path | None, as_json: bool
) -> None:
    """The invoice NUMBER, such as 2011-000123, and what is open of it."""
    with snapshot(runtime_of(ctx).engine) as session:
        one = invoice_numbered(session, number)
        if pdf:
            pdf.write_bytes(as_pdf(session, one.id)[1])
        if xlsx:
            xlsx.write_bytes(as_workbook(session, one.id)[1])
        (found,) = listed(session, after=one.id - 1, limit=1)
    told = {"legal_name": one.legal_name, "sha256": one.sha256.hex()}
    show(_row(found, (*_OF_INVOICE, "lines", "issued_on")) | told, as_json=as_json)


@click.group("payments")
def shop_payments() -> None:
    """What shops paid."""


@shop_payments.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--delimiter", type=click.Choice([",", ";"]), default=",", show_default=True)
@click.option(
    "--encoding", type=click.Choice(["utf-8", "windows-1251"]), default="utf-8", show_default=True
)
@as_of_option
@token_option
@json_option
@click.pass_context
def import_payments(
    ctx: click.Context,
    file: Path,
    *,
    delimiter: str,
    encoding: str,
    as_of: datetime | None,
    token: str | None,
    as_json: bool,
) -> None:
    """Write down the payments of a bank's CSV FILE, each once, and match them with invoices.

    Columns: bank_reference, received_on (2011-02-14 or 14.02.2011), amount (1530.00 or 1 530,00);
    and if you like payer, purpose, shop
    (its slug; without it the invoices tell that the purpose names). All is taken, or nothing.
    """
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        who = acting_on(session, runtime, token, Role.OPERATOR)
        now, shops = moment_of(as_of, runtime.clock), all_ids(session)
        lock_files(session)
        lines = bank_files.read(file, shops, Writing(delimiter, encoding))
        taken = [payments.take(session, one, who, now) for one in lines]
        figures = {
            "lines": len(taken),
            "new": sum(fresh for _, fresh in taken),
            "without_shop": sum(one.shop_id is None for one, _ in taken),
        }
    show(figures, as_json=as_json)


@shop_payments.command("list")
@click.option("--unassigned", is_flag=True, help="Only those of which nobody knows the shop.")
@click.option("--unmatched", is_flag=True, help="Only those of which something is for no invoice.")
@_after
@_limit
@json_option
@click.pass_context
def list_payments(ctx: click.Context, /, *, as_json: bool, **wanted: Any) -> None:
    """Payments in the order in which they were written down."""
    with snapshot(runtime_of(ctx).engine) as session:
        found = payments_listed(session, **wanted)
    names = ("id", "kind", "bank_reference", "shop", "amount", "left_over", "received_on")
    show_rows([_row(one, names) for one in found], as_json=as_json, empty="no payments")


@click.command("funding")
@json_option
@click.pass_context
def show_funding(ctx: click.Context, as_json: bool) -> None:
    """What members had of each shop's cashback before the shop paid, as last reckoned."""
    runtime = runtime_of(ctx)
    with snapshot(runtime.engine) as session:
        day = funding.last_day(session)
        found = funding.standing(session, day, runtime.settings.funding_limit) if day else []
    rows = [
        {name: format_rubles(value) if name in _SUMS else value for name, value in one.items()}
        | {"day": day}
        for one in found
    ]
    show_rows(rows, as_json=as_json, empty="nothing is lent to anybody")


def _row(one: Any, names: tuple[str, ...]) -> dict[str, Any]:
    values = {name: getattr(one, name) for name in names}
    return {
        name: format_rubles(int(value)) if name in _SUMS else value
        for name, value in values.items()
    }
