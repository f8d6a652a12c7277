"""Exports: jobs with progress, of one moment, their owner's alone, gone after a while."""

import csv
import hashlib
import io
from datetime import timedelta
from typing import Any

import pytest

from tests.tracker.reports.asking import BASE, Auditor, desk, writes
from tests.tracker.reports.pasts import lives_through_a_winter
from tests.world import World
from tracker.kit.database import snapshot, unit_of_work
from tracker.reports import exporting
from tracker.reports.exporting import export
from tracker.reports.jobs import work
from tracker.reports.queries import export_is_due
from tracker.reports.rules import OPEN_EXPORTS, TRIES, Format
from tracker.reports.service import Claim, ExportLost, claim
from tracker.staff.rules import Role

SPAN = {"since": "2010-12-01", "as_of": "2011-03-01T00:00:00+03:00"}


@pytest.fixture
def auditor(world: World) -> Auditor:
    lives_through_a_winter(world)
    return Auditor(world)


def claimed(world: World) -> Claim:
    with unit_of_work(world.tools.engine) as session:
        held = claim(session)
    assert held is not None
    return held


def lease_is_over(world: World) -> None:
    world.change("UPDATE report_exports SET lease_until = clock_timestamp() - interval '1 second'")


def is_due(world: World) -> bool:
    with snapshot(world.tools.engine) as session:
        return export_is_due(session)


def wish(auditor: Auditor, **body: Any) -> dict[str, Any]:
    answer = auditor.post("/journal/exports", **{**SPAN, **body})
    assert answer.status_code == 202, answer.get_json()
    told: dict[str, Any] = answer.get_json()
    return told


def test_from_the_wish_to_the_file(world: World, auditor: Auditor) -> None:
    asked = wish(auditor, format="csv")
    assert (asked["state"], asked["lines"]) == ("waiting", 0)
    assert auditor.get(f"/exports/{asked['id']}/file").get_json()["code"] == "export_not_there"
    assert is_due(world)
    writes(world)
    told = auditor.get(f"/exports/{asked['id']}").get_json()
    file = auditor.get(f"/exports/{asked['id']}/file")
    assert told["state"] == "done"
    assert told["bytes"] == len(file.data)
    assert told["sha256"] == hashlib.sha256(file.data).hexdigest()
    assert told["lines"] == len(list(csv.reader(io.StringIO(file.data.decode())))) - 1 > 20
    assert f"journal-{asked['id']}.csv" in file.headers["Content-Disposition"]
    (audited,) = world.query("SELECT * FROM audit_entries WHERE action = 'report.export'")
    assert (audited.who, audited.subject) == ("vera", "report:journal")
    assert not is_due(world)


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_a_file_of_many_pieces_is_whole(
    world: World, auditor: Auditor, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = auditor.file("journal", format=form, **SPAN)
    monkeypatch.setattr(exporting, "PIECE", 1_000)
    monkeypatch.setattr(exporting, "_BEAT", 0.0)
    assert auditor.file("journal", format=form, **SPAN) == whole
    assert len(world.query("SELECT 1 FROM report_export_pieces")) > 3


def test_nobody_else_sees_it(world: World, auditor: Auditor) -> None:
    asked = wish(auditor)
    writes(world)
    others = (Auditor(world, "boss", Role.ADMIN), Auditor(world, "eve", Role.VIEWER))
    for other in others:
        for path in (f"/exports/{asked['id']}", f"/exports/{asked['id']}/file"):
            told = other.get(path)
            assert (told.status_code, told.get_json()["code"]) == (404, "export_not_found")
        assert other.get("/exports").get_json()["items"] == []
    assert [one["id"] for one in auditor.get("/exports").get_json()["items"]] == [asked["id"]]


def test_the_same_question_is_asked_once_while_it_waits(world: World, auditor: Auditor) -> None:
    first, again, other = wish(auditor), wish(auditor), wish(auditor, format="xlsx")
    assert first["id"] == again["id"] != other["id"]
    writes(world)
    assert wish(auditor)["id"] not in (first["id"], other["id"])


def test_one_person_has_only_so_many_waiting(auditor: Auditor) -> None:
    for number in range(OPEN_EXPORTS):
        wish(auditor, as_of=f"2011-03-{number + 1:02}T00:00:00+03:00")
    refused = auditor.post("/journal/exports", as_of="2011-04-01T00:00:00+03:00")
    assert (refused.status_code, refused.get_json()["code"]) == (429, "too_many_exports")


def test_a_worker_that_was_lost_is_replaced_and_fenced_off(world: World, auditor: Auditor) -> None:
    asked = wish(auditor)
    slow = claimed(world)
    assert work(desk(world)) is False, "somebody has it"
    lease_is_over(world)
    assert is_due(world)
    assert work(desk(world)) is True
    with pytest.raises(ExportLost):
        export(desk(world), slow)
    told = auditor.get(f"/exports/{asked['id']}").get_json()
    file = auditor.get(f"/exports/{asked['id']}/file").data
    assert told["sha256"] == hashlib.sha256(file).hexdigest()


def test_what_a_lost_worker_wrote_is_no_part_of_the_file(
    world: World, auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = auditor.file("journal", **SPAN)
    monkeypatch.setattr(exporting, "PIECE", 1_000)
    asked = wish(auditor)

    def stops(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(exporting, "finish", stops)
        with pytest.raises(KeyboardInterrupt):
            work(desk(world))
    lease_is_over(world)
    writes(world)
    assert auditor.get(f"/exports/{asked['id']}/file").data == whole
    fences = world.query(
        "SELECT DISTINCT fence FROM report_export_pieces WHERE export_id = :id", id=asked["id"]
    )
    assert len(fences) == 1


def test_what_costs_worker_after_worker_is_given_up(world: World, auditor: Auditor) -> None:
    asked = wish(auditor)
    for _ in range(TRIES):
        claimed(world)
        lease_is_over(world)
    assert work(desk(world)) is False
    told = auditor.get(f"/exports/{asked['id']}").get_json()
    assert (told["state"], "workers were lost" in told["reason"]) == ("failed", True)
    assert auditor.get(f"/exports/{asked['id']}/file").status_code == 409


def test_what_cannot_be_read_fails_at_once(world: World, auditor: Auditor) -> None:
    asked = wish(auditor)
    world.change("UPDATE report_exports SET tries = 0")
    world.change_as_owner("ALTER TABLE report_exports DISABLE TRIGGER USER")
    world.change_as_owner("UPDATE report_exports SET report = 'no-such-report'")
    assert work(desk(world)) is True
    assert auditor.get(f"/exports/{asked['id']}").get_json()["state"] == "failed"


def test_after_its_day_it_is_gone(world: World, auditor: Auditor) -> None:
    asked = wish(auditor)
    assert work(desk(world, kept_for=timedelta(0)))
    path = f"/exports/{asked['id']}/file"
    assert (auditor.get(path).status_code, auditor.get(path).get_json()["code"]) == (
        410,
        "export_expired",
    )
    assert is_due(world)
    writes(world)
    assert world.query("SELECT 1 FROM report_export_pieces") == []
    assert auditor.get(f"/exports/{asked['id']}").get_json()["state"] == "expired"
    assert auditor.get(path).status_code == 410
    assert not is_due(world)


def test_it_is_of_one_moment(
    world: World, auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written while it is read is no part of it."""
    wish(auditor)
    kept = exporting.WRITERS[Format.CSV]

    def meanwhile(reading: Any, sink: Any) -> None:
        world.change(
            "WITH head AS (INSERT INTO ledger_transactions (reference, kind, effective_at)"
            " VALUES ('meanwhile', 'shop_paid', '2010-12-15 12:00+03') RETURNING id)"
            " INSERT INTO ledger_entries (transaction_id, leg, account, owner_id, amount)"
            " SELECT id, leg, account, owner, amount FROM head, (VALUES"
            " (0, 'bank', 0, 5000), (1, 'shop_receivable', 1, -5000))"
            " AS legs (leg, account, owner, amount)"
        )
        kept(reading, sink)

    monkeypatch.setattr(exporting, "WRITERS", {**exporting.WRITERS, Format.CSV: meanwhile})
    writes(world)
    (latest,) = auditor.get("/exports").get_json()["items"]
    assert b"meanwhile" not in auditor.get(f"/exports/{latest['id']}/file").data
    monkeypatch.undo()
    assert b"meanwhile" in auditor.file("journal", **SPAN)


def test_what_a_shop_or_a_member_wrote_is_not_calculated(world: World, auditor: Auditor) -> None:
    for reference in ("=1+1", "\t=1", " +1", "\uff1dSUM(A1)", "@x", "-2", "plain"):
        world.change(
            "WITH head AS (INSERT INTO ledger_transactions (reference, kind, effective_at)"
            " VALUES (:reference, 'shop_paid', '2010-12-15 12:00+03') RETURNING id)"
            " INSERT INTO ledger_entries (transaction_id, leg, account, owner_id, amount)"
            " SELECT id, leg, account, owner, amount FROM head, (VALUES"
            " (0, 'bank', 0, 5000), (1, 'shop_receivable', 1, -5000))"
            " AS legs (leg, account, owner, amount)",
            reference=reference,
        )
    told = {row[2] for row in csv.reader(io.StringIO(auditor.file("journal", **SPAN).decode()))}
    assert {"'=1+1", "'\t'=1", "' +1", "'\uff1dSUM(A1)", "'@x", "'-2", "plain"} <= told


def test_who_may_ask(world: World) -> None:
    viewer, nobody = Auditor(world, "eve", Role.VIEWER), world.client()
    assert viewer.get("/aging").status_code == 200
    assert viewer.post("/aging/exports").status_code == 403
    assert nobody.get(f"{BASE}/aging").status_code == 401
    unknown = Auditor(world).post("/no-such-report/exports")
    assert (unknown.status_code, unknown.get_json()["code"]) == (404, "report_not_found")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"shop": "no-such-shop"}, "shop"),
        ({"since": "2010-12-01"}, "since"),
        ({"period": "2010-13"}, "period"),
        ({"format": "docx"}, "format"),
    ],
)
def test_what_cannot_be_asked_is_refused(world: World, body: dict[str, str], field: str) -> None:
    refused = Auditor(world).post("/aging/exports", **body)
    assert refused.status_code == 422
    assert field in str(refused.get_json())
