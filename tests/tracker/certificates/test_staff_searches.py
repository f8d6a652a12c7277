"""What staff find of certificates, and the file that finance takes away."""

import csv
import io
from typing import Any

import pytest

from tests.clients import Cabinet
from tests.signing_in import at
from tests.tracker.certificates.salon import DESK, acts, paper, present, salon_of, staff, told
from tests.tracker.certificates.saving import NOW
from tests.world import Shop, World, day
from tracker.kit.csvfiles import cell
from tracker.staff.rules import Role

WHY = {"reason": "the member asked"}


@pytest.fixture
def world(world: World) -> World:
    return at(world, NOW)


@pytest.fixture
def olga(world: World) -> Cabinet:
    return staff(world, "olga", Role.OPERATOR)


def found(by: Cabinet, query: str = "") -> list[int]:
    response = by.get(f"{DESK}?{query}")
    assert response.status_code == 200, response.get_json()
    return [one["id"] for one in response.get_json()["items"]]


def test_finance_sees_who_took_it_and_never_a_code(world: World, shop: Shop, olga: Cabinet) -> None:
    slip = paper(world, shop)
    present(world, salon_of(world), slip.code, "R-1")
    response = olga.get(f"{DESK}/{slip.id}")
    shown = response.get_json()
    assert (shown["salon"], shown["receipt_id"], shown["state"]) == ("arbat", "R-1", "redeemed")
    assert (shown["amount"], shown["member_id"]) == ("1000.00", slip.member)
    assert "code_hash" not in response.text
    assert slip.code not in response.text
    assert told(olga.get(f"{DESK}/{slip.id + 1}")) == (404, "certificate_not_found")


def test_searches(world: World, shop: Shop, olga: Cabinet) -> None:
    first, second, third = (paper(world, shop) for _ in range(3))
    arbat, nevsky = salon_of(world), salon_of(world, "nevsky")
    present(at(world, day(6)), arbat, first.code)
    present(at(world, day(7)), nevsky, second.code)
    assert found(olga) == [first.id, second.id, third.id]
    assert found(olga, "state=issued") == [third.id]
    assert found(olga, f"member_id={second.member}") == [second.id]
    assert found(olga, "salon=arbat") == [first.id]
    assert found(olga, "salon=nobodys") == []
    assert found(olga, f"moment=redeemed&from={written(day(7))}") == [second.id]
    assert found(olga, f"moment=redeemed&to={written(day(7))}") == [first.id]
    assert found(olga, f"from={written(NOW)}&to={written(day(6))}") == [
        first.id,
        second.id,
        third.id,
    ]
    assert found(olga, f"to={written(NOW)}") == []
    page = olga.get(f"{DESK}?limit=2").get_json()
    assert [one["id"] for one in page["items"]] == [first.id, second.id]
    assert found(olga, f"limit=2&cursor={page['next']}") == [third.id]


@pytest.mark.parametrize(
    "query",
    ["state=lost", "member_id=0", "from=yesterday", "moment=x", "limit=0", "cursor=-1"],
)
def test_searches_that_cannot_be(olga: Cabinet, query: str) -> None:
    assert told(olga.get(f"{DESK}?{query}")) == (422, "invalid")


def written(moment: Any) -> str:
    return str(moment.isoformat().replace("+", "%2B"))


def test_the_export_is_what_the_search_finds(world: World, shop: Shop, olga: Cabinet) -> None:
    slip, other = paper(world, shop), paper(world, shop)
    present(world, salon_of(world), slip.code, "=HYPERLINK(1)")
    response = olga.get(f"{DESK}/export")
    assert response.status_code == 200
    assert response.mimetype == "text/csv"
    assert "attachment" in response.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(response.text, newline="")))
    assert [row["id"] for row in rows] == [str(slip.id), str(other.id)]
    assert rows[0]["receipt_id"] == "'=HYPERLINK(1)"
    assert (rows[0]["amount"], rows[0]["salon"], rows[1]["salon"]) == ("1000.00", "arbat", "")
    assert rows[0].keys() == olga.get(f"{DESK}/{slip.id}").get_json().keys() - {"voids"}
    some = olga.get(f"{DESK}/export?salon=arbat").text
    assert len(some.splitlines()) == 2
    assert [(who, action) for who, action, *_ in acts(world)][-2:] == [
        ("olga", "certificate.export")
    ] * 2
    (asked,) = world.query("SELECT after FROM audit_entries ORDER BY id DESC LIMIT 1")
    assert asked.after == {"moment": "ordered", "salon": "arbat"}


def test_an_export_of_thousands(world: World, shop: Shop, olga: Cabinet) -> None:
    """More than is fetched at a time."""
    member = paper(world, shop).member
    world.change(
        "INSERT INTO certificates (member_id, order_key, part, amount, from_goal, state, language,"
        " ordered_at) SELECT :member, 'many', n, 10000, 0, 'review', 'ru', now()"
        " FROM generate_series(1, 2500) AS n",
        member=member,
    )
    lines = olga.get(f"{DESK}/export?state=review").text.splitlines()
    assert len(lines) == 2_501
    assert olga.head(f"{DESK}/export").status_code == 200


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t1", "\r1", "\n1", "\0", " =1", "\u00a0=1", "＝1"],
)
def test_what_a_spreadsheet_would_obey_is_escaped(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(("text", "made"), [("\r=1", "'\r'=1"), ("\n=1", "'\n'=1")])
def test_so_is_what_stands_behind_a_line_break(text: str, made: str) -> None:
    assert cell(text) == made


@pytest.mark.parametrize("text", ["", "R-1", "1=1", "чек 7", "'=1", "2010-12-01"])
def test_other_cells_are_as_they_are(text: str) -> None:
    assert cell(text) == text


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.VIEWER, {"GET ", "GET /1", "GET /voids"}),
        (
            Role.OPERATOR,
            {"GET ", "GET /1", "GET /voids", "GET /export", "POST /1/void", "POST /1/release"},
        ),
    ],
)
def test_roles(world: World, role: Role, allowed: set[str]) -> None:
    by = staff(world, "somebody", role)
    asked = {
        f"{method} {path}": by.open(
            DESK + path, method=method, json=None if method == "GET" else WHY
        )
        for method, path in (
            ("GET", ""),
            ("GET", "/1"),
            ("GET", "/voids"),
            ("GET", "/export"),
            ("POST", "/1/void"),
            ("POST", "/1/release"),
            ("POST", "/voids/1/approve"),
            ("POST", "/voids/1/reject"),
        )
    }
    assert {name for name, answer in asked.items() if answer.status_code != 403} == allowed
