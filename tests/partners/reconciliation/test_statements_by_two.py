"""Whoever sends a file does not agree to the money that it moves."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from werkzeug.test import TestResponse

import wsgi
from partners.reconciliation.cli import build
from partners.reconciliation.deciding import Decided, Say, Which, decide
from partners.reconciliation.models import ShopStatement
from partners.reconciliation.rules import Decision, Kind, OwnStatement
from tests.colleagues import BORIS
from tests.partners.reconciliation.conftest import DAYS, Desk
from tests.world import day
from tracker.kit.database import unit_of_work
from tracker.staff.rules import Role, TokenNotAccepted
from tracker.staff.second_person import LetInByTheOther, ProposerHasLeft
from tracker.staff.service import Person, hire

D1 = "2010-12-01"
BASE = "/admin/api/v1/shops/shop/statements"
RAW = f"order,day,sum,status,commission,click\nB-1,{D1},900.00,confirmed,,\n".encode()


def joins(desk: Desk, login: str, role: Role = Role.APPROVER) -> str:
    with unit_of_work(desk.world.tools.engine) as session:
        return hire(session, desk.world.tools.settings.keys, login, role)


def asks(desk: Desk, token: str, method: str, path: str, **options: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"}
    return desk.world.client().open(BASE + path, method=method, headers=headers, **options)


def sends(desk: Desk, token: str, raw: bytes = RAW) -> Any:
    path = "?from=2010-12-01&to=2010-12-31"
    sent = asks(desk, token, "POST", path, data=raw, content_type="text/csv").get_json()
    desk.works()
    return sent


def says(
    desk: Desk, statement: ShopStatement, who: Person, decision: Decision = Decision.THEIRS
) -> Decided:
    with unit_of_work(desk.world.tools.engine) as session:
        say = Say(decision, "they are right", who, day(40))
        return decide(session, desk.shop.id, statement.id, Which(), say)


def test_nobody_moves_money_by_a_file_of_their_own(desk: Desk) -> None:
    friend = desk.world.member()
    click = desk.world.click(friend, desk.shop, day(0))
    eve, boris = joins(desk, "eve"), joins(desk, "boris")
    sent = sends(desk, eve, RAW.replace(b",,\n", f",,{click}\n".encode()))
    decision = {"decision": "theirs", "reason": "they are right", "expected": 1}
    path = f"/{sent['id']}/findings/decide"
    said = asks(desk, eve, "POST", path, json=decision)
    assert (said.status_code, said.get_json()["code"]) == (403, "own_statement")
    desk.works()
    assert desk.world.balance(friend).available == 0
    assert asks(desk, boris, "POST", path, json=decision).status_code == 200
    desk.works()
    assert desk.world.balance(friend).available > 0


@pytest.mark.parametrize("login", ["anna", "ANNA"])
def test_capitals_make_no_other_person(desk: Desk, login: str) -> None:
    statement = desk.sends(("B-1", D1, "900", "open", "", ""))
    with pytest.raises(OwnStatement):
        says(desk, statement, Person(login, Role.ADMIN))


def test_what_moves_no_money_may_stay_with_one(desk: Desk) -> None:
    anna = Person("anna", Role.APPROVER)
    desk.buys("A-1", 1000)
    statement = desk.sends(("A-1", D1, "1000", "open", "7", ""))
    assert desk.found()[0][0] == Kind.COMMISSION
    assert says(desk, statement, anna).findings == 1
    other = desk.sends(("A-1", D1, "1000", "confirmed", "", ""))
    for decision in (Decision.OURS, Decision.IGNORED, Decision.CLAIM):
        assert says(desk, other, anna, decision).findings == 1 or decision is not Decision.OURS


def test_of_two_neither_let_the_other_in(desk: Desk) -> None:
    joins(desk, "anna", Role.OPERATOR)
    joins(desk, "boris")
    desk.world.change_as_owner("UPDATE staff SET let_in_by = 'boris' WHERE login = 'anna'")
    statement = desk.sends(("B-1", D1, "900", "open", "", ""))
    with pytest.raises(LetInByTheOther):
        says(desk, statement, BORIS)


def test_a_token_that_was_taken_back_decides_nothing(desk: Desk) -> None:
    joins(desk, "boris")
    (token,) = desk.world.query("SELECT id FROM staff_tokens")
    statement = desk.sends(("B-1", D1, "900", "open", "", ""))
    desk.world.change("UPDATE staff_tokens SET revoked_at = now()")
    with pytest.raises(TokenNotAccepted):
        says(desk, statement, Person("boris", Role.APPROVER, token_id=token.id))


def test_for_somebody_who_has_left_another_answers_who_sends_it_again(desk: Desk) -> None:
    joins(desk, "anna", Role.OPERATOR)
    olga = joins(desk, "olga", Role.OPERATOR)
    row = ("B-1", D1, "900.00", "confirmed", "", "")
    statement = desk.sends(row)
    desk.world.change("UPDATE staff SET active = false WHERE login = 'anna'")
    with pytest.raises(ProposerHasLeft):
        says(desk, statement, BORIS)
    raw = f"order,day,sum,status,commission,click\n{','.join(row)}\n".encode()
    assert sends(desk, olga, raw)["uploaded_by"] == "olga"
    assert sends(desk, joins(desk, "ivan"), raw)["uploaded_by"] == "olga"
    assert says(desk, statement, BORIS).findings == 1


def test_a_file_comes_from_one_person(desk: Desk) -> None:
    anna, eve = joins(desk, "anna", Role.OPERATOR), joins(desk, "eve")
    told = {"from": "2010-12-01", "to": "2010-12-31"}
    number = asks(desk, anna, "POST", "/parts", json=told).get_json()["id"]
    part = asks(desk, eve, "PUT", f"/{number}/parts/1", data=RAW)
    assert (part.status_code, part.get_json()["code"]) == (403, "not_your_upload")
    assert asks(desk, anna, "PUT", f"/{number}/parts/1", data=RAW).status_code == 200
    end = {"sha256": hashlib.sha256(RAW).hexdigest()}
    assert asks(desk, eve, "POST", f"/{number}/finish", json=end).status_code == 403
    assert asks(desk, anna, "POST", f"/{number}/finish", json=end).status_code == 202


def test_a_file_from_the_console_is_for_any_approver(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "december.csv"
    file.write_bytes(RAW)
    words = ["import", "shop", str(file), "--from", str(DAYS.first), "--to", str(DAYS.last)]
    group = build(wsgi.programme_of)
    assert CliRunner().invoke(group, words, obj=lambda: desk.world.tools).exit_code == 0
    decision = ["decide", "shop", "1", "theirs", "--reason", "agreed", "--expected", "1"]
    decision += ["--token", joins(desk, "boris")]
    result = CliRunner().invoke(group, decision, obj=lambda: desk.world.tools)
    assert result.exit_code == 0, result.output
    assert desk.found()[0][3] == "booked"


def test_a_token_for_shops_is_not_for_their_statements(desk: Desk) -> None:
    boris = joins(desk, "boris")
    path = "/admin/api/v1/tokens"
    headers = {"Authorization": f"Bearer {boris}"}
    made = {}
    for scope in ("shops:write", "statements:write"):
        body = {"name": scope, "scopes": [scope], "days": 1}
        made[scope] = desk.world.client().post(path, json=body, headers=headers).get_json()["token"]
    statement = desk.sends(("B-1", D1, "900", "open", "", ""))
    for scope, status in (("shops:write", 403), ("statements:write", 200)):
        decision = {"decision": "ours", "reason": "we are right"}
        where = f"/{statement.id}/findings/decide"
        assert asks(desk, made[scope], "POST", where, json=decision).status_code == status
