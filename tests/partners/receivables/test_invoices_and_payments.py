"""Invoices out of closed months, payments that meet them, and the ledger under both."""

import threading
from datetime import date

import pytest
from sqlalchemy.exc import IntegrityError

from partners.receivables import matching, payments
from partners.receivables.issuing import ask
from partners.receivables.jobs import work
from partners.receivables.queries import ageing
from partners.receivables.rules import (
    AllocationTooLarge,
    InvoiceOfAnother,
    Part,
    PaymentDiffers,
    PaymentHasNoShop,
    PaymentHasShop,
    PaymentOver,
    PeriodStillOpen,
)
from partners.receivables.terms import Terms, set_terms
from tests.partners.receivables.books import (
    HOUSE,
    Partners,
    december,
    issued,
    labour,
    match,
    owed,
    pays,
)
from tests.stories.closing import LATER, close
from tests.world import World, day, returned, rubles
from tracker.kit.database import snapshot, unit_of_work


@pytest.fixture
def partners(world: World) -> Partners:
    """December is closed."""
    return december(world)


def test_a_closed_month_becomes_invoices(world: World, partners: Partners) -> None:
    found = issued(world)
    assert {slug: (row.amount, row.kind, row.lines) for slug, row in found.items()} == {
        "tea": (rubles(360), "invoice", 1),
        "books": (rubles(120), "invoice", 1),
    }
    assert sorted(row.number for row in found.values()) == ["2010-000001", "2010-000002"]
    assert {(row.issued_on, row.due_on) for row in found.values()} == {
        (date(2011, 2, 14), date(2011, 2, 28))
    }
    assert (owed(world, partners.tea), owed(world, partners.books)) == (rubles(360), rubles(120))
    assert world.differences() == []


def test_asked_for_twice_they_are_issued_once(world: World, partners: Partners) -> None:
    before = issued(world)
    assert issued(world) == before


def test_an_open_month_has_no_invoices(world: World, partners: Partners) -> None:
    with unit_of_work(world.tools.engine) as session, pytest.raises(PeriodStillOpen):
        ask(session, "2011-01", "anna", LATER)


def test_many_workers_issue_a_month_once_and_without_gaps(world: World, partners: Partners) -> None:
    with unit_of_work(world.tools.engine) as session:
        ask(session, "2010-12", "anna", LATER)
    workers = [
        threading.Thread(target=work, args=(world.tools.engine, LATER, HOUSE)) for _ in range(6)
    ]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    numbers = [row.number for row in world.query("SELECT number FROM invoices ORDER BY number")]
    assert numbers == ["2010-000001", "2010-000002"]
    assert world.differences() == []


def test_a_shops_own_terms_stand_on_its_next_invoice(world: World, partners: Partners) -> None:
    wanted = Terms(payment_days=30, language="en", legal_name="Tea Ltd", tax_id="123")
    with unit_of_work(world.tools.engine) as session:
        set_terms(session, partners.tea.id, "tea", wanted, "anna")
    found = issued(world)
    assert (found["tea"].due_on, found["tea"].legal_name) == (date(2011, 3, 16), "Tea Ltd")
    assert (found["books"].due_on, found["books"].legal_name) == (date(2011, 2, 28), "Books")


def test_what_comes_back_later_is_a_credit_note_of_its_own_month(
    world: World, partners: Partners
) -> None:
    first = issued(world)
    world.tell(partners.tea, returned(f"order-{partners.member}-1-300", "R-1", at=day(20)))
    close(world, "2011-01")
    second = issued(world, "2011-01")
    assert {slug: (row.amount, row.kind) for slug, row in second.items()} == {
        "tea": (-rubles(360), "credit_note")
    }
    with unit_of_work(world.tools.engine) as session:
        (part,) = matching.set_off(session, second["tea"].id, None, "anna")
        assert (part.invoice_id, part.amount) == (first["tea"].id, rubles(360))
    assert owed(world, partners.tea) == 0
    with unit_of_work(world.tools.engine) as session:
        assert matching.set_off(session, second["tea"].id, None, "anna") == []
    assert world.differences() == []


def test_a_payment_meets_the_invoice_that_it_names(world: World, partners: Partners) -> None:
    tea = issued(world)["tea"]
    paid = pays(world, rubles(100), f"for {tea.number}")
    assert paid.shop_id == partners.tea.id
    (row,) = world.query("SELECT * FROM payment_allocations")
    assert (row.payment_id, row.invoice_id, row.amount) == (paid.id, tea.id, rubles(100))
    assert owed(world, partners.tea) == rubles(260)
    assert world.differences() == []


def test_the_banks_number_makes_it_happen_once(world: World, partners: Partners) -> None:
    issued(world)
    for _ in range(2):
        pays(world, rubles(360), shop=partners.tea, key="line-1")
    assert owed(world, partners.tea) == 0
    with pytest.raises(PaymentDiffers):
        pays(world, rubles(361), shop=partners.tea, key="line-1")
    with pytest.raises(PaymentDiffers):
        pays(world, rubles(360), shop=partners.books, key="line-1")


def test_many_tellers_write_a_payment_down_once(world: World, partners: Partners) -> None:
    issued(world)
    tellers = [
        threading.Thread(
            target=pays, args=(world, rubles(360), "", partners.tea), kwargs={"key": "line-1"}
        )
        for _ in range(8)
    ]
    for one in tellers:
        one.start()
    for one in tellers:
        one.join()
    assert owed(world, partners.tea) == 0
    assert len(world.query("SELECT * FROM payment_allocations")) == 1
    assert world.differences() == []


def test_a_payment_of_nobody_waits_for_its_shop(world: World, partners: Partners) -> None:
    issued(world)
    paid = pays(world, rubles(360), "thanks")
    assert paid.shop_id is None
    assert owed(world, partners.tea) == rubles(360)
    with pytest.raises(PaymentHasNoShop):
        match(world, paid)
    with unit_of_work(world.tools.engine) as session:
        payments.assign(session, paid.id, partners.tea.id, "anna")
    assert owed(world, partners.tea) == 0
    with unit_of_work(world.tools.engine) as session, pytest.raises(PaymentHasShop):
        payments.assign(session, paid.id, partners.books.id, "anna")
    assert world.differences() == []


def test_what_is_paid_too_much_stays_the_shops(world: World, partners: Partners) -> None:
    tea = issued(world)["tea"]
    paid = pays(world, rubles(500), tea.number)
    assert owed(world, partners.tea) == -rubles(140)
    with pytest.raises(AllocationTooLarge):
        match(world, paid, (tea.id, 1))
    assert world.differences() == []


def test_nothing_is_matched_with_anothers_invoice(world: World, partners: Partners) -> None:
    found = issued(world)
    paid = pays(world, rubles(50), "advance", partners.tea)
    with pytest.raises(InvoiceOfAnother):
        match(world, paid, (found["books"].id, rubles(50)))


def test_no_more_is_matched_than_was_paid_by_however_many(world: World, partners: Partners) -> None:
    tea = issued(world)["tea"]
    paid = pays(world, rubles(100), "advance", partners.tea)
    refused: list[Exception] = []

    def try_it() -> None:
        try:
            match(world, paid, (tea.id, rubles(60)))
        except AllocationTooLarge as error:
            refused.append(error)

    clerks = [threading.Thread(target=try_it) for _ in range(5)]
    for one in clerks:
        one.start()
    for one in clerks:
        one.join()
    assert len(refused) == 4
    assert world.differences() == []


def test_a_payment_that_was_anothers_is_taken_back(world: World, partners: Partners) -> None:
    tea = issued(world)["tea"]
    paid = pays(world, rubles(360), tea.number)
    with unit_of_work(world.tools.engine) as session:
        payments.reverse(session, paid.id, "boris", "it was books'", LATER)
    assert owed(world, partners.tea) == rubles(360)
    with unit_of_work(world.tools.engine) as session, pytest.raises(PaymentOver):
        payments.reverse(session, paid.id, "boris", "again", LATER)
    with pytest.raises(PaymentOver):
        match(world, paid, (tea.id, 1))
    assert world.differences() == []


def test_a_match_is_undone(world: World, partners: Partners) -> None:
    tea = issued(world)["tea"]
    paid = pays(world, rubles(360), tea.number)
    (row,) = world.query("SELECT * FROM payment_allocations")
    with unit_of_work(world.tools.engine) as session:
        matching.undo(session, row.id, "anna", "a slip")
    match(world, paid, (tea.id, rubles(10)))
    assert world.differences() == []


def test_what_shops_owe_by_how_long_it_is_overdue(world: World, partners: Partners) -> None:
    tea = issued(world)["tea"]
    pays(world, rubles(60), tea.number)

    def standing(on: date) -> dict[str, tuple[int, ...]]:
        with snapshot(world.tools.engine) as session:
            return {
                row.shop: tuple(
                    int(getattr(row, name))
                    for name in ("owed", "not_due", "days_30", "days_60", "days_older")
                )
                for row in ageing(session, on)
            }

    assert standing(date(2011, 2, 28))["tea"] == (rubles(300), rubles(300), 0, 0, 0)
    assert standing(date(2011, 3, 1))["tea"] == (rubles(300), 0, rubles(300), 0, 0)
    assert standing(date(2011, 4, 15))["books"] == (rubles(120), 0, 0, rubles(120), 0)
    assert standing(date(2012, 1, 1))["tea"] == (rubles(300), 0, 0, 0, rubles(300))
    assert standing(date(2011, 2, 13))["tea"][0] == rubles(360), "before the payment"


def test_an_issued_invoice_never_changes(world: World, partners: Partners) -> None:
    issued(world)
    with pytest.raises(IntegrityError, match="never changed"):
        world.change_as_owner("UPDATE invoices SET amount = amount + 1")


@pytest.mark.parametrize(
    "spoilt",
    [
        "UPDATE shop_payments SET amount = amount - 1",
        "UPDATE payment_allocations SET amount = amount + 1",
        "UPDATE invoice_counters SET last = last + 1",
        "ALTER TABLE invoices DISABLE TRIGGER invoices_append_only;"
        " UPDATE invoices SET amount = amount + 1",
        "ALTER TABLE invoices DISABLE TRIGGER invoices_append_only;"
        " UPDATE invoices SET sha256 = 'x'",
    ],
)
def test_the_proof_sees_what_somebody_changed(
    world: World, partners: Partners, spoilt: str
) -> None:
    tea = issued(world)["tea"]
    pays(world, rubles(360), tea.number)
    assert world.differences() == []
    world.change_as_owner(spoilt)
    assert world.differences()


def test_writing_down_more_than_a_shop_owes_is_for_staff(world: World, partners: Partners) -> None:
    tea = issued(world)["tea"]
    paid = pays(world, rubles(100), "advance", partners.tea)
    with (
        unit_of_work(world.tools.engine) as session,
        pytest.raises(AllocationTooLarge),
    ):
        matching.allocate(session, paid.id, [Part(tea.id, rubles(101))], "anna")
    labour(world)
