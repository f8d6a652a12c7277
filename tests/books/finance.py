"""What the finance team does: months closed, and the money that shops owe and pay."""

from datetime import timedelta

from partners.receivables import matching, payments
from partners.receivables.acts import WRITING_OFF, payload_of
from partners.receivables.issuing import ask
from partners.receivables.jobs import work
from partners.receivables.payments import Paid
from partners.receivables.terms import Terms
from tests.books.table import Table
from tests.colleagues import ANNA, OLGA
from tests.stories.closing import check, documents, labour, run_closed
from tracker.kit.clock import moscow_date
from tracker.kit.database import unit_of_work
from tracker.periods import service as periods
from tracker.proposals.deciding import approve
from tracker.proposals.service import Wish, propose
from wiring.proposals import ACTIONS

_OLDEST = """
    SELECT min(period) AS period FROM ledger_transactions
    WHERE period > coalesce((SELECT max(period) FROM closed_periods), '')
"""


def closes(table: Table) -> None:
    """The oldest open month is closed, if it may be, and its invoices are issued."""
    world, ((period,),) = table.world, table.world.query(_OLDEST)
    if period is None:
        return
    for row in world.query("SELECT period FROM settlement_runs WHERE state = 'done'"):
        run_closed(world, row.period)
    check(world, period, table.now)
    with unit_of_work(world.tools.engine) as session:
        periods.ready(session, period, table.now, timedelta(hours=1))
        periods.close(session, period, "anna", "boris")
    labour(world)
    table.closed[period] = documents(world, period)
    with unit_of_work(world.tools.engine) as session:
        ask(session, period, "anna", table.now)
    while work(world.tools.engine, table.now, Terms(payment_days=14)):
        pass


def pays(table: Table) -> None:
    """A shop pays: an invoice, a half of it, too much, or without a word of what for."""
    dice = table.dice
    invoice = table.one_of("SELECT number, amount, shop_id FROM invoices WHERE kind = 'invoice'")
    amount, purpose = dice.randint(1, 90_000), ""
    shop = dice.choice((None, *(one.id for one in table.shops)))
    if invoice and dice.random() < 0.8:
        purpose = dice.choice(("", f"за {invoice.number}"))
        amount = dice.choice((invoice.amount, max(1, invoice.amount // 2), invoice.amount + 500))
        shop = dice.choice((None, invoice.shop_id))
    received = moscow_date(table.earlier())
    paid = Paid(table.name("bank"), amount, received, "payer", purpose, shop)
    with unit_of_work(table.world.tools.engine) as session:
        payments.take(session, paid, "olga", table.now)


def is_moved(table: Table) -> None:
    """A payment was another shop's."""
    one = table.one_of("SELECT id, shop_id FROM shop_payments WHERE reversed_at IS NULL")
    if one is None:
        return
    shop = table.dice.choice(table.shops).id
    with unit_of_work(table.world.tools.engine) as session:
        if one.shop_id is None:
            payments.assign(session, one.id, shop, "olga")
        else:
            payments.move(session, one.id, shop, "olga", reason="why", now=table.now)


def comes_back(table: Table) -> None:
    """A payment is sent back."""
    if one := table.one_of("SELECT id FROM shop_payments WHERE reversed_at IS NULL"):
        with unit_of_work(table.world.tools.engine) as session:
            payments.reverse(session, one.id, "olga", "why", table.now)


def is_allocated(table: Table) -> None:
    """What is left of a payment goes to whatever is due."""
    if one := table.one_of("SELECT id FROM shop_payments WHERE shop_id IS NOT NULL"):
        with unit_of_work(table.world.tools.engine) as session:
            matching.allocate(session, one.id, None, "olga")


def is_taken_apart(table: Table) -> None:
    """A payment is not this invoice's after all."""
    if one := table.one_of("SELECT id FROM payment_allocations WHERE undone_at IS NULL"):
        with unit_of_work(table.world.tools.engine) as session:
            matching.undo(session, one.id, "olga", "why")


def is_set_off(table: Table) -> None:
    """A credit note goes to what is due."""
    if one := table.one_of("SELECT id FROM invoices WHERE kind = 'credit_note'"):
        with unit_of_work(table.world.tools.engine) as session:
            matching.set_off(session, one.id, None, "olga")


def is_given_up(table: Table) -> None:
    """Two people write off some of an invoice."""
    one = table.one_of("SELECT id, amount FROM invoices WHERE kind = 'invoice'")
    if one is None:
        return
    payload, tools = payload_of(one.id, table.dice.randint(1, one.amount)), table.world.tools
    wish = Wish(payload=payload, subject=f"invoice:{one.id}", reason="why")
    with unit_of_work(tools.engine) as session:
        asked = propose(session, tools, WRITING_OFF, wish, OLGA)
    with unit_of_work(tools.engine) as session:
        decided = approve(session, tools, ACTIONS, asked.id, ANNA, sha256=asked.payload_sha256)
        decided.see_that_it_was_done()
