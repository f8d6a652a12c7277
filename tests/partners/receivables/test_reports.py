"""Reports of partners' money add up with each other and with the ledger."""

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.partners.receivables.books import december, labour, pays
from tests.partners.receivables.test_over_http import API, invoices
from tests.stories.closing import LATER, close
from tests.stories.test_closing_over_http import Office
from tests.world import World, day, returned, rubles

AT = "as_of=2011-03-31T20:00:00%2B03:00"


@pytest.fixture
def office(world: World) -> Office:
    """December is closed; tea owes 360.00 of it, books 120.00."""
    december(world)
    return Office(world)


def read(office: Office, name: str, question: str = AT) -> dict[str, Any]:
    answer = office.get(f"{API}/reports/{name}?{question}")
    assert answer.status_code == 200, answer.get_json()
    found: dict[str, Any] = answer.get_json()
    return found


def test_invoices_are_what_is_owed_and_their_lines_are_what_they_are(office: Office) -> None:
    tea = invoices(office)["tea"]
    pays(office.world, rubles(60), tea["number"])
    found = read(office, "invoices")
    assert found["totals"] == {"lines": 2, "amount": "480.00", "open": "420.00"}
    owed = read(office, "receivables")["totals"]
    assert (owed["owed"], owed["days_60"], owed["not_invoiced"]) == ("420.00", "420.00", "0.00")
    lines = read(office, "invoice-lines", f"{AT}&period=2010-12")
    assert lines["totals"] == {"amount": "480.00"}
    of_tea = read(office, "invoice-lines", f"{AT}&period=2010-12&shop=tea")
    (line,) = of_tea["lines"]
    assert (line["number"], line["what"], line["amount"]) == (tea["number"], "confirmed", "360.00")
    assert read(office, "invoice-lines", f"{AT}&period=2011-01")["lines"] == []


def test_before_the_day_on_which_they_were_issued_there_were_none(office: Office) -> None:
    invoices(office)
    assert read(office, "invoices", "as_of=2011-02-13T20:00:00%2B03:00")["lines"] == []
    assert read(office, "invoices", f"{AT}&known_at=2011-01-01T00:00:00Z")["lines"] == []
    before = read(office, "receivables", "as_of=2011-02-13T20:00:00%2B03:00")["totals"]
    assert (before["owed"], before["not_invoiced"]) == ("480.00", "480.00")


def test_a_credit_note_is_open_until_it_is_set_off(world: World) -> None:
    partners = december(world)
    office = Office(world)
    invoices(office)
    world.tell(partners.tea, returned(f"order-{partners.member}-1-300", "R-1", at=day(20)))
    close(world, "2011-01")
    office.post("vera", f"{API}/invoices/issue", period="2011-01")
    labour(world)
    assert read(office, "invoices")["totals"] == {"lines": 3, "amount": "120.00", "open": "120.00"}
    owed = read(office, "receivables")["totals"]
    assert (owed["owed"], owed["not_invoiced"]) == ("120.00", "-360.00")
    (note,) = read(office, "invoices", f"{AT}&period=2011-01")["lines"]
    assert (note["kind"], note["open"]) == ("credit_note", "-360.00")
    (row,) = world.query("SELECT id FROM invoices WHERE kind = 'credit_note'")
    told = office.post("vera", f"{API}/invoices/{row.id}/set-off", oldest_first=True)
    assert told.status_code == 200, told.get_json()
    assert read(office, "invoices", f"{AT}&shop=tea")["totals"]["open"] == "0.00"
    owed = read(office, "receivables")["totals"]
    assert (owed["owed"], owed["not_invoiced"]) == ("120.00", "0.00")


def test_what_is_lent_is_a_report_too(office: Office) -> None:
    labour(office.world, LATER)
    found = read(office, "funding")
    assert found["totals"] == {"paid_to_members": "400.00", "covered": "0.00", "funded": "400.00"}
    assert {row["shop"]: row["funded"] for row in found["lines"]} == {
        "tea": "300.00",
        "books": "100.00",
    }
    assert read(office, "funding", f"{AT}&shop=tea")["totals"]["funded"] == "300.00"
    assert read(office, "funding", "as_of=2011-02-01T00:00:00Z")["lines"] == []


def test_workbooks_of_an_invoice_are_the_same_bytes(office: Office) -> None:
    tea = invoices(office)["tea"]
    path = f"{API}/invoices/{tea['id']}/xlsx"
    first = office.get(path).data
    assert office.get(path).data == first
    rows = list(openpyxl.load_workbook(io.BytesIO(first)).worksheets[0].values)
    assert (rows[1][0], rows[1][1], rows[-1][-1]) == (tea["number"], "tea", 360)


def test_nobody_waits_for_a_very_long_workbook(office: Office) -> None:
    tea = invoices(office)["tea"]
    office.world.change_as_owner(
        "ALTER TABLE invoices DISABLE TRIGGER invoices_append_only;"
        " UPDATE invoices SET lines = 50001"
    )
    answer = office.get(f"{API}/invoices/{tea['id']}/xlsx")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "invoice_too_long")
    assert "invoice-lines" in answer.get_json()["detail"]


def test_an_invoice_at_the_console(office: Office, tmp_path: Path) -> None:
    tea = invoices(office)["tea"]
    pdf, xlsx = tmp_path / "a.pdf", tmp_path / "a.xlsx"
    words = ("invoices", "show", tea["number"], "--pdf", str(pdf), "--xlsx", str(xlsx), "--json")
    said = office.run(*words)
    assert (said.exit_code, '"open": "360.00"' in said.output) == (0, True), said.output
    assert pdf.read_bytes() == office.get(f"{API}/invoices/{tea['id']}/pdf").data
    assert xlsx.read_bytes() == office.get(f"{API}/invoices/{tea['id']}/xlsx").data
    assert office.run("invoices", "show", "2011-999999").exception is not None


def test_moving_a_payment_takes_an_approver(office: Office) -> None:
    invoices(office)
    line = {"bank_reference": "1", "amount": "3.00", "received_on": "2011-02-14", "shop": "tea"}
    paid = office.post("vera", f"{API}/payments", **line).get_json()
    path = f"{API}/payments/{paid['id']}/move"
    answer = office.post("boris", path, shop="books", reason="the bank's slip")
    assert (answer.status_code, answer.get_json()["shop"]) == (201, "books"), answer.get_json()
    again = office.post("boris", path, shop="books", reason="the bank's slip")
    assert (again.status_code, again.get_json()["code"]) == (409, "payment_over")
    assert office.get(f"{API}/payments/{paid['id']}").get_json()["reversed_by"] == "boris"
    assert office.world.differences() == []


def test_a_day_to_come_is_refused(office: Office) -> None:
    line = {"bank_reference": "1", "amount": "3.00", "received_on": "2011-02-15", "shop": "tea"}
    answer = office.post("vera", f"{API}/payments", **line)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "payment_not_yet")


def test_what_monitoring_is_told(office: Office) -> None:
    tea = invoices(office)["tea"]
    pays(office.world, rubles(60), tea["number"])
    pays(office.world, rubles(1), "thanks")
    told = office.world.client().get("/metrics").text
    for line in (
        "tracker_invoices_waiting 0",
        "tracker_invoices_open_kopecks 42000",
        "tracker_shop_payments_unassigned 1",
        "tracker_shops_funded_kopecks 40000",
    ):
        assert line in told
