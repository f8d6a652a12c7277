"""Payments that were sent back, moved, told twice: what the books say of any day."""

import threading
import time
from datetime import date, timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from partners.receivables import matching, payments
from partners.receivables.payments import Paid
from partners.receivables.queries import ageing, lock_files
from partners.receivables.queries import payments as payments_of
from tests.partners.receivables.books import december, issued, owed, pays
from tests.stories.closing import LATER, close, run_closed
from tests.tracker.reports.asking import lines
from tests.world import Shop, World, confirmed, created, day, returned, rubles
from tracker.kit.clock import moscow_midnight
from tracker.kit.database import snapshot, unit_of_work

IN_MARCH = LATER + timedelta(days=30)


def test_a_payment_that_is_moved_was_never_two(world: World) -> None:
    partners = december(world)
    issued(world)
    paid = pays(world, rubles(120), "", partners.tea, key="line-1")
    with unit_of_work(world.tools.engine) as session:
        books = partners.books.id
        payments.move(session, paid.id, books, "boris", reason="theirs", now=IN_MARCH)
    (bank,) = [
        row
        for row in lines(
            world,
            "trial-balance",
            as_of=moscow_midnight(date(2011, 2, 20)),
            since=date(2010, 12, 1),
        )
        if row["account"] == "bank"
    ]
    assert bank["closing"] == rubles(120)
    assert (owed(world, partners.tea), owed(world, partners.books)) == (rubles(360), 0)


@pytest.mark.parametrize(("on", "owes"), [(10, 0), (20, 360)])
def test_as_of_any_day_invoice_and_ledger_agree(world: World, on: int, owes: int) -> None:
    """Sent back on 16 March: until then it stood."""
    december(world)
    tea = issued(world)["tea"]
    paid = pays(world, rubles(360), tea.number)
    with unit_of_work(world.tools.engine) as session:
        payments.reverse(session, paid.id, "boris", "sent back", IN_MARCH)
    with snapshot(world.tools.engine) as session:
        rows = [one for one in ageing(session, date(2011, 3, on)) if one.shop == "tea"]
    found = [(row.owed, row.not_due + row.days_30, row.not_invoiced) for row in rows]
    assert found == ([(rubles(owes), rubles(owes), 0)] if owes else [])


def test_a_credit_note_is_open_until_there_was_something_to_set_it_off(world: World) -> None:
    partners = december(world)
    pays(world, rubles(360), issued(world)["tea"].number)
    world.tell(partners.tea, returned(f"order-{partners.member}-1-300", "R-1", at=day(20)))
    close(world, "2011-01")
    note = issued(world, "2011-01")["tea"]
    buys(world, partners.tea, partners.member)
    world.settle("2011-02", day(62))
    run_closed(world, "2011-02")
    close(world, "2011-02", day(95))
    issued(world, "2011-02", day(95))
    with unit_of_work(world.tools.engine) as session:
        assert matching.set_off(session, note.id, None, "anna")
    for on, left in ((76, note.amount), (96, 0)):
        rows = lines(world, "invoices", as_of=day(on))
        assert [row["open"] for row in rows if row["number"] == note.number] == [left]


def test_one_that_is_told_while_a_file_is_taken_stops_neither(world: World) -> None:
    partners = december(world)
    issued(world)
    failed: list[DBAPIError] = []
    first, second = threading.Event(), threading.Event()

    def line(key: str) -> Paid:
        return Paid(key, 100, date(2011, 2, 14), "", "", partners.tea.id)

    def file() -> None:
        try:
            with unit_of_work(world.tools.engine) as session:
                lock_files(session)
                payments.take(session, line("b-1"), "anna", LATER)
                first.set()
                second.wait(2)
                time.sleep(0.3)
                payments.take(session, line("b-2"), "anna", LATER)
        except DBAPIError as error:
            failed.append(error)

    def clerk() -> None:
        first.wait(5)
        second.set()
        try:
            with unit_of_work(world.tools.engine) as session:
                payments.take(session, line("b-2"), "vera", LATER)
        except DBAPIError as error:
            failed.append(error)

    both = [threading.Thread(target=one) for one in (file, clerk)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert failed == []
    assert owed(world, partners.tea) == rubles(360) - 200


def test_a_line_that_the_bank_words_otherwise_is_the_same(world: World) -> None:
    partners = december(world)
    before = pays(world, rubles(100), "as ever", partners.tea, key="b-1")
    assert pays(world, rubles(100), "AS EVER.", partners.tea, key="b-1").id == before.id


def test_what_names_an_invoice_that_is_paid_is_for_no_other(world: World) -> None:
    december(world)
    both = issued(world)
    pays(world, rubles(120), both["books"].number)
    again = pays(world, rubles(120), both["books"].number, key="twice")
    with snapshot(world.tools.engine) as session:
        left = [row.left_over for row in payments_of(session) if row.id == again.id]
    assert left == [rubles(120)]


def buys(world: World, shop: Shop, member: int) -> None:
    click = world.click(member, shop, day(70))
    world.tell(shop, created("M-1", click, 4000, at=day(70)))
    world.tell(shop, confirmed("M-1", at=day(70)))
