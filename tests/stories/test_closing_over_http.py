"""A month closed by two people over HTTP, as accountants do it, and by commands."""

import hashlib
import json
import threading
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from werkzeug.test import TestResponse

import wsgi
from tests.signing_in import at
from tests.stories.closing import LATER, labour
from tests.stories.months import FIRST, earns
from tests.world import World, day
from tracker.kit.database import unit_of_work
from tracker.staff.rules import Role
from tracker.staff.service import hire

PERIODS = "/admin/api/v1/periods"


class Office:
    """Two accountants: vera proposes, boris approves."""

    def __init__(self, world: World) -> None:
        self.world = at(world, LATER)
        with unit_of_work(world.tools.engine) as session:
            keys = world.tools.settings.keys
            self.tokens = {
                "vera": hire(session, keys, "vera", Role.APPROVER),
                "boris": hire(session, keys, "boris", Role.APPROVER),
            }

    def post(self, who: str, path: str, **body: Any) -> TestResponse:
        return self.world.client().post(path, json=body, headers=self._headers(who))

    def get(self, path: str, who: str = "vera") -> TestResponse:
        return self.world.client().get(path, headers=self._headers(who))

    def approve(self, who: str, proposal: dict[str, Any]) -> TestResponse:
        path = f"/admin/api/v1/proposals/{proposal['id']}/approve"
        return self.post(who, path, sha256=proposal["payload_sha256"])

    def checked(self, period: str) -> dict[str, Any]:
        asked = self.post("vera", f"{PERIODS}/{period}/check")
        assert asked.status_code == 202, asked.get_json()
        labour(self.world)
        found: dict[str, Any] = self.get(f"{PERIODS}/{period}").get_json()["check"]
        return found

    def proposed(self, period: str) -> dict[str, Any]:
        answer = self.post("vera", f"{PERIODS}/{period}/close", reason="the month is over")
        assert answer.status_code == 202, answer.get_json()
        told: dict[str, Any] = answer.get_json()
        return told

    def run(self, *words: str, token: str | None = None) -> Result:
        command: click.Command = wsgi.cli
        arguments = list(words)
        while isinstance(command, click.Group):
            command = command.commands[arguments.pop(0)]
        environment = {"TRACKER_STAFF_TOKEN": self.tokens[token]} if token else {}
        return CliRunner().invoke(command, arguments, obj=lambda: self.world.tools, env=environment)

    def _headers(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[who]}"}


@pytest.fixture
def office(world: World) -> Office:
    """December has something in its books."""
    earns(world, world.shop(cashback=1000), world.member(), 300)
    return Office(world)


def test_a_month_is_checked_proposed_approved_and_its_documents_are_there(office: Office) -> None:
    assert office.get(f"{PERIODS}/2010-12").get_json()["state"] == "open"
    check = office.checked("2010-12")
    assert (check["holds"], check["asked_by"]) == (True, "vera")
    proposal = office.proposed("2010-12")
    assert office.approve("vera", proposal).get_json()["code"] == "approver_proposed_it"
    assert office.approve("boris", proposal).status_code == 200
    labour(office.world)
    month = office.get(f"{PERIODS}/2010-12").get_json()
    assert (month["state"], month["proposed_by"], month["approved_by"]) == (
        "closed",
        "vera",
        "boris",
    )
    assert len(month["documents"]) == 5
    for one in month["documents"]:
        file = office.get(f"{PERIODS}/2010-12/documents/{one['name']}")
        assert hashlib.sha256(file.data).hexdigest() == one["sha256"]
        assert (len(file.data), file.mimetype) == (one["size"], "text/csv")


def test_it_is_not_closed_unchecked_nor_before_its_turn(office: Office) -> None:
    unchecked = office.post("vera", f"{PERIODS}/2010-12/close", reason="now")
    assert (unchecked.status_code, unchecked.get_json()["code"]) == (409, "period_not_ready")
    early = office.post("vera", f"{PERIODS}/2011-01/check")
    assert (early.status_code, early.get_json()["code"]) == (409, "period_not_next")
    never = office.post("vera", f"{PERIODS}/2009-12/check")
    assert (never.status_code, never.get_json()["code"]) == (404, "period_not_found")
    wrong = office.get(f"{PERIODS}/december")
    assert (wrong.status_code, wrong.get_json()["code"]) == (422, "period_invalid")
    none = office.get(f"{PERIODS}/2010-12/documents/journal")
    assert (none.status_code, none.get_json()["code"]) == (404, "document_not_found")


def test_a_later_check_that_holds_too_does_not_stop_the_approval(office: Office) -> None:
    """Else whoever may ask for a check could keep a month open for ever."""
    office.checked("2010-12")
    proposal = office.proposed("2010-12")
    office.checked("2010-12")
    assert office.approve("boris", proposal).status_code == 200
    assert office.get(f"{PERIODS}/2010-12").get_json()["state"] == "closed"


def test_a_later_check_that_finds_something_does(office: Office) -> None:
    office.checked("2010-12")
    proposal = office.proposed("2010-12")
    office.world.change_as_owner("UPDATE member_balances SET pending = pending + 1")
    assert not office.checked("2010-12")["holds"]
    refused = office.approve("boris", proposal)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "period_not_ready")
    office.world.change_as_owner("UPDATE member_balances SET pending = pending - 1")
    office.checked("2010-12")
    assert office.approve("boris", proposal).status_code == 200


def test_an_approval_long_after_the_check_is_refused(office: Office) -> None:
    office.checked("2010-12")
    proposal = office.proposed("2010-12")
    hours = office.world.tools.settings.period_check_hours
    office.world.change(
        "UPDATE period_checks SET finished_at = finished_at - make_interval(hours => :h)", h=hours
    )
    late = office.approve("boris", proposal)
    assert (late.status_code, late.get_json()["code"]) == (409, "period_not_ready")
    assert office.get(f"{PERIODS}/2010-12").get_json()["state"] == "open"


def test_many_approvers_at_once_close_it_once(office: Office) -> None:
    office.checked("2010-12")
    proposal = office.proposed("2010-12")
    answers: list[int] = []
    approvers = [
        threading.Thread(
            target=lambda: answers.append(office.approve("boris", proposal).status_code)
        )
        for _ in range(6)
    ]
    for one in approvers:
        one.start()
    for one in approvers:
        one.join()
    assert sorted(answers) == [200, 409, 409, 409, 409, 409]
    assert len(office.world.query("SELECT * FROM closed_periods")) == 1


def test_documents_that_are_not_as_sealed_are_not_given_out(office: Office) -> None:
    office.checked("2010-12")
    office.approve("boris", office.proposed("2010-12"))
    labour(office.world)
    office.world.change_as_owner("""
        ALTER TABLE ledger_transactions DISABLE TRIGGER ledger_transactions_append_only;
        UPDATE ledger_transactions SET reference = reference || 'x' WHERE corrects IS NULL
            AND reference NOT IN (SELECT corrects FROM ledger_transactions WHERE corrects <> '');
        ALTER TABLE ledger_transactions ENABLE TRIGGER ledger_transactions_append_only;
    """)
    spoilt = office.get(f"{PERIODS}/2010-12/documents/journal")
    assert (spoilt.status_code, spoilt.get_json()["code"]) == (409, "document_differs")
    said = office.run("periods", "documents", "2010-12")
    assert said.exit_code == 1
    assert "differs" in said.output


def test_the_same_by_commands(office: Office, tmp_path: Path) -> None:
    later = ("--as-of", LATER.isoformat())
    asked = office.run("periods", "check", "2010-12", *later, token="vera")
    assert asked.exit_code == 0
    assert "tracker periods show 2010-12" in asked.output
    labour(office.world)
    told = office.run("periods", "show", "2010-12", "--json").output
    assert {"holds": True, "state": "open"}.items() <= json.loads(told).items()
    assert "2010-12" in office.run("periods", "list").output
    closing = ("periods", "close", "2010-12", "--reason", "over")
    assert office.run(*closing, *later, token="vera").exit_code == 0
    proposal = office.get("/admin/api/v1/proposals").get_json()["items"][0]
    approval = ("proposals", "approve", str(proposal["id"]), "--sha256", proposal["payload_sha256"])
    said = office.run(*approval, token="boris")
    assert said.exit_code == 0, said.output
    labour(office.world)
    said = office.run("periods", "documents", "2010-12", "--into", str(tmp_path))
    assert said.exit_code == 0, said.output
    assert sorted(path.name for path in tmp_path.iterdir())[0] == "2010-12-journal.csv"


def test_lists_of_months_come_in_pages(office: Office) -> None:
    office.world.settle("2011-01", FIRST)
    office.world.settle("2011-02", day(62))
    for path in (PERIODS, "/admin/api/v1/settlements"):
        whole = office.get(path).get_json()
        first = office.get(f"{path}?limit=1").get_json()
        rest = office.get(f"{path}?cursor={first['next']}").get_json()
        assert len(first["items"]) == 1
        assert rest["items"]
        assert whole == {"items": first["items"] + rest["items"], "next": None}
    assert office.get(f"{PERIODS}?cursor=2011-01%0A").status_code == 422
