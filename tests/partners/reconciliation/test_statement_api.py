"""Statements over HTTP: files whole and in parts, formats tried, findings listed and decided."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from partners.reconciliation import service
from partners.reconciliation.rules import MAX_PART
from tests.partners.reconciliation.conftest import OWN, Desk
from tests.world import created, day
from tracker.kit.database import unit_of_work
from tracker.staff.rules import Role
from tracker.staff.service import hire

Ask = Callable[..., TestResponse]
BASE = "/admin/api/v1/shops/shop"
DATES = "from=2010-12-01&to=2010-12-31"
HEADER = "order,day,sum,status,commission,click\n"
RAW = (HEADER + "A-1,2010-12-01,900.00,open,,\n").encode()


@pytest.fixture
def ask(desk: Desk) -> Ask:
    """Requests of an admin, or of who else is named."""
    world = desk.world
    with unit_of_work(world.tools.engine) as session:
        keys = world.tools.settings.keys
        tokens = {
            "olga": hire(session, keys, "olga", Role.ADMIN),
            "boris": hire(session, keys, "boris", Role.APPROVER),
        }

    def asked(method: str, path: str, by: str = "olga", **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {tokens[by]}"}
        return world.client().open(BASE + path, method=method, headers=headers, **options)

    return asked


def upload(ask: Ask, raw: bytes = RAW, query: str = DATES) -> TestResponse:
    return ask("POST", f"/statements?{query}", data=raw, content_type="text/csv")


def code(response: TestResponse) -> tuple[int, str]:
    return response.status_code, (response.get_json() or {}).get("code", "")


def test_a_statement_from_its_file_to_its_end(desk: Desk, ask: Ask) -> None:
    desk.buys("A-1", 1000)
    sent = upload(ask)
    assert sent.status_code == 202
    number = sent.get_json()["id"]
    assert sent.get_json()["state"] == "waiting"
    assert upload(ask).get_json()["id"] == number
    desk.works()
    shown = ask("GET", f"/statements/{number}").get_json()
    assert (shown["state"], shown["lines"], shown["total"]) == ("matched", 1, "900.00")
    assert shown["from"] == "2010-12-01"
    listed = ask("GET", "/statements?limit=1").get_json()
    assert [one["id"] for one in listed["items"]] == [number]
    (found,) = ask("GET", f"/statements/{number}/findings?kind=amount").get_json()["items"]
    assert (found["our_amount"], found["their_amount"]) == ("1000.00", "900.00")
    assert found["commission_effect"] == "-12.00"
    assert ask("GET", f"/statements/{number}/findings?kind=status").get_json()["items"] == []
    decision = {"decision": "theirs", "reason": "they are right", "kind": "amount", "expected": 1}
    path = f"/statements/{number}/findings/decide"
    assert code(ask("POST", path, json=decision)) == (403, "own_statement")
    for field, wrong in (("expected_commission", "12.00"), ("expected_cashback", "-9.99")):
        told = ask("POST", path, by="boris", json={**decision, field: wrong})
        assert code(told) == (409, "findings_changed")
    decision |= {"expected_commission": "-12.00", "expected_cashback": "-10.00"}
    said = ask("POST", path, by="boris", json=decision).get_json()
    effects = {"commission_effect": "-12.00", "cashback_effect": "-10.00"}
    assert said == {"findings": 1, "left": 0, **effects}
    again = ask("POST", path, by="boris", json=decision)
    assert code(again) == (409, "findings_changed")
    desk.works()
    (found,) = ask("GET", f"/statements/{number}/findings?order_id=A-1").get_json()["items"]
    assert (found["state"], found["decided_by"]) == ("booked", "boris")
    assert ask("POST", f"/statements/{number}/match").status_code == 202
    desk.works()
    acts = desk.world.query("SELECT action, who FROM audit_entries ORDER BY id")
    expected = ["upload", "upload", "decide", "match"]
    assert [(one.action, one.who) for one in acts][-4:] == [
        (f"statement.{verb}", "boris" if verb == "decide" else "olga") for verb in expected
    ]
    assert not desk.world.differences()


def test_a_file_comes_in_parts_in_any_order(desk: Desk, ask: Ask) -> None:
    told = {"name": "december", "from": "2010-12-01", "to": "2010-12-31"}
    made = ask("POST", "/statements/parts", json=told)
    assert made.status_code == 201
    number = made.get_json()["id"]
    parts = {2: RAW[20:], 1: RAW[:20]}
    for part, raw in [*parts.items(), *parts.items()]:
        assert ask("PUT", f"/statements/{number}/parts/{part}", data=raw).status_code == 200
    other = ask("PUT", f"/statements/{number}/parts/1", data=b"other")
    assert code(other) == (409, "statement_parts_invalid")
    wrong = ask("POST", f"/statements/{number}/finish", json={"sha256": "0" * 64})
    assert code(wrong) == (409, "statement_parts_invalid")
    right = {"sha256": hashlib.sha256(RAW).hexdigest()}
    done = ask("POST", f"/statements/{number}/finish", json=right)
    assert (done.status_code, done.get_json()["size"]) == (202, len(RAW))
    assert upload(ask).get_json()["id"] == number
    late = ask("PUT", f"/statements/{number}/parts/3", data=b"more")
    assert code(late) == (409, "statement_not_ready")


def test_a_gap_among_the_parts_is_told(ask: Ask) -> None:
    told = {"from": "2010-12-01", "to": "2010-12-31"}
    number = ask("POST", "/statements/parts", json=told).get_json()["id"]
    finish = {"sha256": hashlib.sha256(RAW).hexdigest()}
    path = f"/statements/{number}/finish"
    assert code(ask("POST", path, json=finish)) == (409, "statement_parts_invalid")
    ask("PUT", f"/statements/{number}/parts/2", data=RAW)
    assert "part 1" in ask("POST", path, json=finish).get_json()["detail"]
    assert ask("PUT", f"/statements/{number}/parts/65", data=RAW).status_code == 413
    empty = ask("PUT", f"/statements/{number}/parts/1", data=b"")
    assert code(empty) == (422, "statement_empty")
    assert code(upload(ask, b"")) == (422, "statement_empty")


def test_what_is_too_large_is_refused(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert upload(ask, b"x" * (MAX_PART + 1)).status_code == 413
    assert upload(ask, b"x" * 2_000_000).status_code == 202
    monkeypatch.setattr(service, "MAX_PART", 10)
    assert code(upload(ask)) == (413, "statement_too_large")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "from=2010-12-01",
        "from=2010-12-01&to=tomorrow",
        "from=2010-12-31&to=2010-12-01",
        "from=2010-12-01&to=2012-12-01",
        f"{DATES}&name=",
    ],
)
def test_days_have_to_make_sense(ask: Ask, query: str) -> None:
    assert upload(ask, query=query).status_code == 422


def test_a_file_that_cannot_be_read_says_where(desk: Desk, ask: Ask) -> None:
    bad = RAW + b"A-2,yesterday,a lot,open,,\n"
    number = upload(ask, bad).get_json()["id"]
    desk.works()
    shown = ask("GET", f"/statements/{number}").get_json()
    assert shown["state"] == "refused"
    assert set(shown["faults"]) == {"line 3, day", "line 3, sum"}
    assert desk.world.query("SELECT * FROM shop_statement_lines") == []
    assert code(ask("POST", f"/statements/{number}/match")) == (409, "statement_not_ready")
    number = upload(ask, bad, f"{DATES}&skip_faulty=true").get_json()["id"]
    desk.works()
    shown = ask("GET", f"/statements/{number}").get_json()
    assert (shown["state"], shown["lines"], shown["refused_lines"]) == ("matched", 1, 1)
    assert set(shown["faults"]) == {"line 3, day", "line 3, sum"}


def test_a_format_is_tried_checked_and_saved(desk: Desk, ask: Ask) -> None:
    assert ask("GET", "/statement-format").get_json()["format"] == OWN
    sample = base64.b64encode(RAW + b"A-2,?,1,open,,\n").decode()
    tried = ask("POST", "/statement-format/try", json={"sample": sample}).get_json()
    assert (tried["read"], tried["refused"]) == (1, 1)
    assert tried["lines"][0]["amount"] == "900.00"
    assert list(tried["faults"]) == ["line 3, day"]
    other = {**OWN, "numbers": {"unit": "kopecks"}}
    body = {"sample": base64.b64encode(RAW).decode(), "format": other}
    faults = ask("POST", "/statement-format/try", json=body).get_json()["faults"]
    assert list(faults) == ["line 2, sum"]
    assert ask("PUT", "/statement-format?check=true", json={"format": other}).status_code == 200
    assert ask("GET", "/statement-format").get_json()["format"] == OWN
    assert ask("PUT", "/statement-format", json={"format": other}).status_code == 200
    assert ask("GET", "/statement-format").get_json()["format"] == other
    wrong = ask("PUT", "/statement-format", json={"format": {"file": {"kind": "pdf"}}})
    assert code(wrong) == (422, "statement_format_invalid")
    assert "/file/kind" in {one["field"] for one in wrong.get_json()["errors"]}
    nothing = ask("POST", "/statement-format/try", json={"sample": "?"})
    assert nothing.status_code == 422


def test_what_is_another_shops_is_not_this_ones(desk: Desk, ask: Ask) -> None:
    number = upload(ask).get_json()["id"]
    desk.world.shop("other")
    world = desk.world
    with unit_of_work(world.tools.engine) as session:
        token = hire(session, world.tools.settings.keys, "vera", Role.VIEWER)
    headers = {"Authorization": f"Bearer {token}"}
    path = f"/admin/api/v1/shops/other/statements/{number}"
    assert world.client().get(path, headers=headers).status_code == 404
    assert world.client().get(path.replace("other", "shop"), headers=headers).status_code == 200
    usual = world.client().get("/admin/api/v1/shops/other/statement-format", headers=headers)
    assert usual.get_json()["id"] is None


def test_figures_for_monitoring(desk: Desk, ask: Ask) -> None:
    desk.world.tell(desk.shop, created("A-1", None, 1000, at=day(0)))
    upload(ask)
    scraped = desk.world.client().get("/metrics").text
    assert "tracker_partner_statements_waiting 1" in scraped
    desk.works()
    scraped = desk.world.client().get("/metrics").text
    assert "tracker_partner_findings_open 1" in scraped
