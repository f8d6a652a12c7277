"""Payments of the wrong day and of the wrong shop, files read at once, and what stays as it was."""

import threading
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from partners.receivables import bank_files, funding, matching, payments
from partners.receivables.papers import as_pdf
from partners.receivables.payments import Paid
from partners.receivables.queries import lock_files
from partners.receivables.rules import (
    AllocationTooLarge,
    NotPaid,
    Part,
    PaymentDiffers,
    PaymentHasNoShop,
    PaymentHasShop,
    PaymentKind,
    PaymentNotYet,
    PaymentOver,
)
from partners.receivables.terms import Terms, set_terms
from tests.partners.receivables.books import Partners, december, issued, match, owed, pays
from tests.stories.closing import LATER
from tests.world import Shop, World, rubles
from tracker.kit.csvfiles import FileInvalid, Writing
from tracker.kit.database import snapshot, unit_of_work


@pytest.fixture
def partners(world: World) -> Partners:
    """December is closed."""
    return december(world)


def moved(world: World, payment_id: int, shop: Shop, reason: str = "it was books'") -> int:
    with unit_of_work(world.tools.engine) as session:
        made = payments.move(session, payment_id, shop.id, "boris", reason=reason, now=LATER)
        return made.id


def test_no_payment_comes_from_the_future(world: World, partners: Partners) -> None:
    line = Paid("1", rubles(1), date(2011, 2, 15), "", "", partners.tea.id)
    with unit_of_work(world.tools.engine) as session, pytest.raises(PaymentNotYet):
        payments.take(session, line, "anna", LATER)
    assert owed(world, partners.tea) == rubles(360)


@pytest.mark.parametrize("said", ["0001-01-01", "20110214", "2011-W07-1", "2011-02-30", "14.02.11"])
def test_days_of_a_file_are_read_strictly(tmp_path: Path, said: str) -> None:
    file = tmp_path / "bank.csv"
    file.write_text(f"bank_reference,received_on,amount\nb-1,{said},1.00\n")
    with pytest.raises(FileInvalid) as caught:
        list(bank_files.read(file, {}, Writing()))
    assert list(caught.value.fields or ()) == ["received_on"]


def test_a_payment_of_the_wrong_shop_is_moved(world: World, partners: Partners) -> None:
    found = issued(world)
    paid = pays(world, rubles(120), "", partners.tea, key="line-1")
    anew = moved(world, paid.id, partners.books)
    assert (owed(world, partners.tea), owed(world, partners.books)) == (rubles(360), 0)
    (row,) = world.query("SELECT * FROM payment_allocations WHERE undone_at IS NULL")
    assert (row.payment_id, row.invoice_id) == (anew, found["books"].id)
    assert world.differences() == []


def test_the_file_of_a_payment_that_was_moved_books_nothing(
    world: World, partners: Partners
) -> None:
    issued(world)
    paid = pays(world, rubles(120), "", partners.tea, key="line-1")
    moved(world, paid.id, partners.books)
    assert pays(world, rubles(120), "", partners.tea, key="line-1").id == paid.id
    with pytest.raises(PaymentDiffers):
        pays(world, rubles(120), "", partners.books, key="line-1")
    assert owed(world, partners.books) == 0
    assert len(world.query("SELECT * FROM shop_payments")) == 2


def test_a_payment_is_moved_once_by_however_many(world: World, partners: Partners) -> None:
    issued(world)
    paid = pays(world, rubles(120), "", partners.tea)
    late: list[Exception] = []

    def try_it() -> None:
        try:
            moved(world, paid.id, partners.books)
        except PaymentOver as error:
            late.append(error)

    clerks = [threading.Thread(target=try_it) for _ in range(4)]
    for one in clerks:
        one.start()
    for one in clerks:
        one.join()
    assert len(late) == 3
    assert owed(world, partners.books) == 0
    assert world.differences() == []


def test_what_cannot_be_moved(world: World, partners: Partners) -> None:
    nobodys = pays(world, rubles(1), "thanks")
    with pytest.raises(PaymentHasNoShop):
        moved(world, nobodys.id, partners.tea)
    own = pays(world, rubles(2), "", partners.tea)
    with pytest.raises(PaymentHasShop):
        moved(world, own.id, partners.tea)
    with unit_of_work(world.tools.engine) as session:
        line = Paid("proposal:1", rubles(3), date(2011, 2, 1), "", "", partners.tea.id)
        given_up, _ = payments.take(session, line, "boris", LATER, PaymentKind.WRITE_OFF)
    with pytest.raises(NotPaid):
        moved(world, given_up.id, partners.books)


def test_what_was_given_up_stays_with_its_invoice(world: World, partners: Partners) -> None:
    tea = issued(world)["tea"]
    with unit_of_work(world.tools.engine) as session:
        line = Paid("proposal:1", rubles(3), date(2011, 2, 1), "", "", partners.tea.id)
        given_up, _ = payments.take(session, line, "boris", LATER, PaymentKind.WRITE_OFF)
        (part,) = matching.allocate(session, given_up.id, [Part(tea.id, rubles(3))], "boris")
    with unit_of_work(world.tools.engine) as session, pytest.raises(NotPaid):
        matching.undo(session, part.id, "anna", "for another invoice")
    with pytest.raises(PaymentDiffers):
        pays(world, rubles(3), "", partners.tea, key="proposal:1")
    with unit_of_work(world.tools.engine) as session:
        payments.reverse(session, given_up.id, "boris", "they pay after all", LATER)
    assert owed(world, partners.tea) == rubles(360)
    assert world.differences() == []


def test_an_invoice_named_twice_is_met_once(world: World, partners: Partners) -> None:
    tea = issued(world)["tea"]
    paid = pays(world, rubles(720), "advance", partners.tea)
    with pytest.raises(AllocationTooLarge):
        match(world, paid, (tea.id, rubles(360)), (tea.id, rubles(1)))
    match(world, paid, (tea.id, rubles(100)), (tea.id, rubles(260)))
    assert world.differences() == []


def test_files_that_name_shops_crosswise_do_not_stop_each_other(
    world: World, partners: Partners
) -> None:
    issued(world)
    failed: list[DBAPIError] = []

    def take(name: str, shops: tuple[Shop, ...]) -> None:
        try:
            with unit_of_work(world.tools.engine) as session:
                lock_files(session)
                for place, shop in enumerate(shops * 20):
                    line = Paid(f"{name}-{place}", 100, date(2011, 2, 14), "", "", shop.id)
                    payments.take(session, line, "anna", LATER)
        except DBAPIError as error:
            failed.append(error)

    both = (partners.tea, partners.books)
    tellers = [
        threading.Thread(target=take, args=("a", both)),
        threading.Thread(target=take, args=("b", both[::-1])),
    ]
    for one in tellers:
        one.start()
    for one in tellers:
        one.join()
    assert failed == []
    assert owed(world, partners.tea) == rubles(360) - 4_000
    assert world.differences() == []


def test_an_invoice_on_paper_stays_as_it_was(world: World, partners: Partners) -> None:
    found = issued(world)["tea"]

    def pages() -> bytes:
        with snapshot(world.tools.engine) as session:
            return as_pdf(session, found.id)[1]

    before = pages()
    assert found.legal_name == world.query("SELECT name FROM shops WHERE slug = 'tea'")[0].name
    world.change("UPDATE shops SET name = 'Coffee', slug = 'coffee' WHERE slug = 'tea'")
    with unit_of_work(world.tools.engine) as session:
        other = Terms(payment_days=1, language="en", legal_name="Coffee Ltd")
        set_terms(session, partners.tea.id, "coffee", other, "anna")
    pays(world, rubles(360), found.number)
    assert pages() == before


def test_what_the_operator_paid_after_all_was_had_too(world: World, partners: Partners) -> None:
    """It said that it had not; staff have booked that it had."""

    def lent(day: date) -> int:
        with unit_of_work(world.tools.engine) as session:
            funding.reckon(session, day)
        rows = world.query("SELECT sum(funded) AS sum FROM shop_funding WHERE day = :day", day=day)
        return int(rows[0].sum or 0)

    today = LATER.date()
    before = lent(today)
    assert before == rubles(400)
    world.change_as_owner("UPDATE payouts SET state = 'failed', reason = 'number_closed'")
    assert lent(today + timedelta(days=1)) == 0
    world.change_as_owner(
        "ALTER TABLE adjustments DROP CONSTRAINT fk_adjustments_id_proposals;"
        " INSERT INTO adjustments (id, member_id, kind, cause, amount, payout_id, effective_at)"
        " SELECT 1, member_id, 'debit', 'operator_paid', amount, id, now() FROM payouts"
    )
    assert lent(today + timedelta(days=2)) == before
