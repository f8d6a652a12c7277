"""Partners' money over HTTP and by commands, and an invoice on paper."""

import io
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pypdfium2
import pytest

from partners.receivables.paper import Day, InvoicePaper, invoice_pdf
from partners.receivables.rules import InvoiceKind
from tests.partners.receivables.books import december, labour, owed
from tests.stories.test_closing_over_http import Office
from tests.world import World, rubles
from tracker.kit.csvfiles import FileInvalid
from tracker.members.rules import Language

API = "/admin/api/v1"


@pytest.fixture
def office(world: World) -> Office:
    """December is closed; tea owes 360.00 of it, books 120.00."""
    december(world)
    return Office(world)


def invoices(office: Office) -> dict[str, Any]:
    asked = office.post("vera", f"{API}/invoices/issue", period="2010-12")
    assert asked.status_code == 202, asked.get_json()
    labour(office.world)
    items = office.get(f"{API}/invoices").get_json()["items"]
    return {one["shop"]: one for one in items}


def test_from_the_closed_month_to_the_bank(office: Office) -> None:
    tea = invoices(office)["tea"]
    assert (tea["amount"], tea["open"], tea["period"]) == ("360.00", "360.00", "2010-12")
    line = {"bank_reference": "1", "amount": "300.00", "received_on": "2011-02-14"}
    paid = office.post("vera", f"{API}/payments", **line, purpose=tea["number"])
    assert (paid.status_code, paid.get_json()["left_over"]) == (201, "0.00")
    (match,) = office.get(f"{API}/payments/{paid.get_json()['id']}/matches").get_json()["items"]
    assert (match["invoice_id"], match["amount"]) == (tea["id"], "300.00")
    assert office.get(f"{API}/invoices/{tea['id']}").get_json()["open"] == "60.00"
    standing = office.get(f"{API}/receivables?day=2011-03-31").get_json()
    assert standing["total"] == "180.00"
    (of_tea,) = [one for one in standing["items"] if one["shop"] == "tea"]
    assert (of_tea["owed"], of_tea["days_60"]) == ("60.00", "60.00")
    report = office.get(f"{API}/reports/receivables?as_of=2011-03-31T20:00:00%2B03:00").get_json()
    assert {row["shop"]: row["owed"] for row in report["lines"]} == {
        "tea": "60.00",
        "books": "120.00",
    }


def test_what_will_never_be_paid_is_given_up_by_two(office: Office) -> None:
    tea = invoices(office)["tea"]
    path = f"{API}/invoices/{tea['id']}/write-off"
    asked = office.post("vera", path, amount="360.00", reason="it is no more")
    assert asked.status_code == 202, asked.get_json()
    assert asked.get_json()["says"]["seen"]["shop"] == "tea"
    assert office.approve("vera", asked.get_json()).status_code == 403
    assert office.approve("boris", asked.get_json()).status_code == 200
    assert office.get(f"{API}/invoices/{tea['id']}").get_json()["open"] == "0.00"
    (row,) = office.world.query("SELECT id FROM shops WHERE slug = 'tea'")
    assert office.world.query(
        "SELECT sum(amount) AS amount FROM ledger_entries WHERE account = 'write_offs'"
    )[0].amount == rubles(360)
    assert row.id
    assert office.world.differences() == []


def test_a_payment_meanwhile_makes_giving_up_stale(office: Office) -> None:
    tea = invoices(office)["tea"]
    path = f"{API}/invoices/{tea['id']}/write-off"
    asked = office.post("vera", path, amount="60.00", reason="they will not").get_json()
    line = {"bank_reference": "1", "amount": "300.00", "received_on": "2011-02-14"}
    office.post("vera", f"{API}/payments", **line, purpose=tea["number"])
    late = office.approve("boris", asked)
    assert (late.status_code, late.get_json()["code"]) == (409, "proposal_stale")
    assert office.world.differences() == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 422),
        ({"parts": [], "oldest_first": False}, 422),
        ({"parts": [{"invoice_id": 1, "amount": "1.00"}], "oldest_first": True}, 422),
        ({"parts": [{"invoice_id": 1, "amount": "0.00"}]}, 422),
        ({"parts": [{"invoice_id": 99, "amount": "1.00"}]}, 404),
        ({"oldest_first": True}, 200),
    ],
)
def test_what_a_payment_is_for_is_read_strictly(
    office: Office, body: dict[str, Any], code: int
) -> None:
    invoices(office)
    line = {"bank_reference": "1", "amount": "3.00", "received_on": "2011-02-14", "shop": "tea"}
    paid = office.post("vera", f"{API}/payments", **line).get_json()
    answer = office.post("vera", f"{API}/payments/{paid['id']}/matches", **body)
    assert answer.status_code == code, answer.get_json()


def test_a_shops_terms(office: Office) -> None:
    path = f"{API}/shops/tea/payment-terms"
    assert office.get(path).get_json()["payment_days"] == 14
    headers = {"Authorization": f"Bearer {office.tokens['vera']}"}
    wanted = {"payment_days": 30, "legal_name": "Tea Ltd", "funding_limit": "10.00"}
    client = office.world.client()
    assert client.put(path, json=wanted, headers=headers).status_code == 200
    assert office.get(path).get_json()["funding_limit"] == "10.00"
    wrong = client.put(path, json={"payment_days": 999}, headers=headers)
    assert (wrong.status_code, wrong.get_json()["errors"][0]["field"]) == (422, "payment_days")
    assert office.get(f"{API}/shops/nobody/payment-terms").status_code == 404


def test_the_banks_file_is_taken_whole_or_not_at_all(office: Office, tmp_path: Path) -> None:
    tea = invoices(office)["tea"]
    file = tmp_path / "bank.csv"
    head = "bank_reference,received_on,amount,purpose,shop\n"
    good = f"b-1,2011-02-14,100.00,{tea['number']},\nb-2,2011-02-14,20.00,,books\n"
    file.write_text(head + good + "b-3,2011-02-14,0.00,,\n")
    said = office.run("payments", "import", str(file), token="vera")
    assert isinstance(said.exception, FileInvalid)
    assert said.exception.fields == {"amount": "a sum above zero is expected"}
    file.write_text(head + good)
    for fresh in ("2", "0"):
        said = office.run("payments", "import", str(file), "--json", token="vera")
        assert (said.exit_code, f'"new": {fresh}' in said.output) == (0, True), said.output
    (books,) = office.world.query("SELECT * FROM shops WHERE slug = 'books'")
    assert owed(office.world, books) == rubles(100)


def test_a_bank_line_is_one_whatever_blanks_surround_its_number(
    office: Office, tmp_path: Path
) -> None:
    line = {"bank_reference": " b-1 ", "amount": "100.00", "received_on": "2011-02-14"}
    assert office.post("vera", f"{API}/payments", **line, shop="tea").status_code == 201
    file = tmp_path / "bank.csv"
    file.write_text("bank_reference,received_on,amount,shop\nb-1 ,2011-02-14,100.00,tea\n")
    said = office.run("payments", "import", str(file), "--json", token="vera")
    assert '"new": 0' in said.output


def test_the_banks_file_as_an_office_here_saves_it(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "bank.csv"
    text = "bank_reference;received_on;amount;payer\nb-1;14.02.2011;1\u00a0530,50;Чай\n"
    file.write_bytes(text.encode("windows-1251"))
    asked = ("payments", "import", str(file))
    assert "is not in UTF-8" in str(office.run(*asked, token="vera").exception)
    so = ("--encoding", "windows-1251")
    assert "not ';'" in str(office.run(*asked, *so, token="vera").exception)
    said = office.run(*asked, *so, "--delimiter", ";", "--json", token="vera")
    assert '"new": 1' in said.output
    (paid,) = office.get(f"{API}/payments").get_json()["items"]
    told = (paid["amount"], paid["received_on"], paid["payer"])
    assert told == ("1530.50", "2011-02-14", "Чай")


@pytest.mark.parametrize("ours", ["proposal:1", "moved (payment 7)"])
def test_a_bank_writes_no_reference_as_we_do(office: Office, tmp_path: Path, ours: str) -> None:
    """A line of that name would keep a write-off or a move from ever being booked."""
    line = {"bank_reference": ours, "amount": "1.00", "received_on": "2011-02-14"}
    said = office.post("vera", f"{API}/payments", **line)
    assert (said.status_code, said.get_json()["errors"][0]["field"]) == (422, "bank_reference")
    file = tmp_path / "bank.csv"
    file.write_text(f"bank_reference,received_on,amount\n{ours},2011-02-14,1.00\n")
    refused = office.run("payments", "import", str(file), token="vera").exception
    assert isinstance(refused, FileInvalid)
    assert "bank_reference" in refused.fields


def test_an_invoice_as_files(office: Office) -> None:
    tea = invoices(office)["tea"]
    path = f"{API}/invoices/{tea['id']}"
    pages = office.get(f"{path}/pdf")
    assert (pages.status_code, pages.mimetype) == (200, "application/pdf")
    assert office.get(f"{path}/pdf").data == pages.data
    assert tea["number"] in text_of(pages.data)
    book = openpyxl.load_workbook(io.BytesIO(office.get(f"{path}/xlsx").data))
    rows = list(book.worksheets[0].values)
    assert (rows[1][0], rows[1][4], rows[-1][-1]) == (tea["number"], "confirmed", 360)


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (Language.RU, ("Счёт", "Оплатить до", "Подтверждено")),
        (Language.UK, ("Рахунок", "Сплатити до", "Підтверджено")),
        (Language.EN, ("Invoice", "To be paid by", "Confirmed")),
    ],
)
def test_an_invoice_is_read_in_the_shops_language(
    language: Language, words: tuple[str, ...]
) -> None:
    days = [Day(date(2011, 1, number), 3, 120_000, -500) for number in range(1, 32)]
    paper = InvoicePaper(
        "2011-000007",
        InvoiceKind.INVOICE,
        "2011-01",
        date(2011, 2, 1),
        date(2011, 2, 15),
        31 * 119_500,
        "Cashback club",
        "ООО «Чай»",
        "1 Sample street",
        "0000000000",
        language,
        days,
    )
    said = text_of(invoice_pdf(paper))
    assert all(word in said for word in (*words, "2011-000007", "ООО «Чай»", "1195.00"))
