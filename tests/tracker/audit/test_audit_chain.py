"""The audit is a chain: what SQL changes, takes out, puts in or moves is found."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import wsgi
from tests.world import World
from tracker.audit.chain import PlaceNotReached, breaks, walk_from
from tracker.audit.heads import head_is_due
from tracker.audit.jobs import export_head
from tracker.audit.rules import Break
from tracker.audit.service import record
from tracker.kit.crypto import Keyring, key_from, new_key
from tracker.kit.database import snapshot, unit_of_work
from tracker.staff.rules import Role
from tracker.staff.service import hire

ACTS = ("anna", "boris", "vera", "дарья", "anna")
OFF = "ALTER TABLE audit_entries DISABLE TRIGGER USER; ALTER TABLE audit_chain DISABLE TRIGGER USER"


def keep(world: World, who: str = "anna", **more: Any) -> None:
    with unit_of_work(world.tools.engine) as session:
        record(session, who, "inbox.discard", "event:1", **more)


@pytest.fixture
def acts(world: World) -> World:
    """Five acts, one after the other."""
    for who in ACTS:
        keep(world, who, reason="«why»", before={"a": 1, "б": None}, after={"a": ["1.50", "x"]})
    return world


def found(world: World) -> list[Break]:
    with snapshot(world.tools.engine) as session:
        return list(breaks(session, walk_from(session, 0)))


def verify(world: World, *words: str) -> tuple[int, Any]:
    """What the command says."""
    ran = CliRunner().invoke(
        wsgi.cli.commands["audit"], ["verify", "--json", *words], obj=lambda: world.tools
    )
    return ran.exit_code, json.loads(ran.stdout)


def tamper(world: World, *statements: str) -> None:
    """As the schema's owner, who can put the triggers aside."""
    for statement in (*OFF.split("; "), *statements):
        world.change_as_owner(statement)


def test_what_was_done_is_chained_in_the_order_in_which_it_was_done(acts: World) -> None:
    keep(acts, reason=None)
    assert found(acts) == []
    rows = acts.query(
        "SELECT place, who FROM audit_chain JOIN audit_entries ON id = entry_id ORDER BY place"
    )
    assert [(row.place, row.who) for row in rows] == [*enumerate((*ACTS, "anna"), 1)]


@pytest.mark.parametrize(
    ("statement", "place", "why"),
    [
        ("UPDATE audit_entries SET who = 'x' WHERE id = 2", 2, "not what it was"),
        ("UPDATE audit_entries SET reason = NULL WHERE id = 5", 5, "not what it was"),
        ("UPDATE audit_entries SET reason = '' WHERE id = 5", 5, "not what it was"),
        ("UPDATE audit_entries SET at = at + interval '1 microsecond' WHERE id = 1", 1, "not what"),
        ("UPDATE audit_entries SET before = after, after = before WHERE id = 3", 3, "not what"),
        ("""UPDATE audit_entries SET after = '{"a": ["1.5", "x"]}' WHERE id = 3""", 3, "not what"),
        (
            "UPDATE audit_entries SET action = 'inbox', subject = '.discardevent:1' WHERE id = 4",
            4,
            "not what it was",
        ),
        ("DELETE FROM audit_entries WHERE id = 3", 3, "gone"),
        (
            "UPDATE audit_chain SET entry_id = CASE entry_id WHEN 2 THEN -3 ELSE -2 END"
            " WHERE entry_id IN (2, 3); UPDATE audit_chain SET entry_id = -entry_id"
            " WHERE entry_id < 0",
            2,
            "not what it was",
        ),
        ("DELETE FROM audit_chain WHERE place = 3", 3, "places are missing"),
        (
            "INSERT INTO audit_entries (who, action) VALUES ('x', 'y')",
            None,
            "not in the chain",
        ),
        (
            "INSERT INTO audit_entries (who, action) VALUES ('x', 'y');"
            " INSERT INTO audit_chain SELECT 6, max(id), sha256('x') FROM audit_entries",
            6,
            "not what it was",
        ),
    ],
)
def test_what_sql_did_is_found(acts: World, statement: str, place: int | None, why: str) -> None:
    tamper(acts, *statement.split("; "))
    first = found(acts)[0]
    assert first.place == place
    assert why in first.why
    code, said = verify(acts)
    assert code == 1
    assert said["first"]["place"] == place
    proved = CliRunner().invoke(
        wsgi.cli.commands["ledger"], ["proof", "--json"], obj=lambda: acts.tools
    )
    assert proved.exit_code == 1
    assert "audit" in proved.stdout


def test_whoever_makes_the_whole_chain_anew_lacks_the_key(acts: World, tmp_path: Path) -> None:
    export_head(acts.tools.engine, acts.tools.settings.keys)
    exported = head(acts)
    again = (
        "UPDATE audit_entries SET who = 'nobody' WHERE id = 2",
        "DELETE FROM audit_chain",
        "SELECT audit_append(id) FROM (SELECT id FROM audit_entries ORDER BY id) AS acts",
    )
    tamper(acts, *again)
    assert [one.place for one in found(acts)] == []
    code, said = verify(acts)
    assert (code, said["first"]["place"]) == (1, 5)
    assert "another when its end was signed" in said["first"]["why"]
    # What was kept in the database is made to fit: it was not signed by us then.
    tamper(
        acts,
        "ALTER TABLE audit_heads DISABLE TRIGGER USER",
        "UPDATE audit_heads SET hash = chain.hash FROM audit_chain AS chain"
        " WHERE chain.place = audit_heads.place",
    )
    code, said = verify(acts)
    assert (code, said["first"]["why"]) == (1, "this end of the chain was not signed by us")
    # And where all of them are gone, there is what was exported.
    tamper(acts, "DELETE FROM audit_heads")
    assert verify(acts)[0] == 0
    assert verify(acts, "--head", exported)[0] == 1


def head(world: World) -> str:
    ran = CliRunner().invoke(
        wsgi.cli.commands["audit"], ["head", "--json"], obj=lambda: world.tools
    )
    return str(json.loads(ran.stdout)["head"])


def test_a_chain_that_lost_its_end_is_shorter_than_it_was(acts: World) -> None:
    exported = head(acts)
    tamper(
        acts,
        "DELETE FROM audit_chain WHERE place = 5",
        "DELETE FROM audit_entries WHERE id = 5",
    )
    assert verify(acts)[0] == 0
    code, said = verify(acts, "--head", exported)
    assert (code, said["first"]["why"]) == (1, "the chain was longer: its end is gone")


def test_heads_outlive_a_change_of_the_key(acts: World) -> None:
    keys = acts.tools.settings.keys
    export_head(acts.tools.engine, keys)
    keep(acts)
    export_head(acts.tools.engine, Keyring(key_from(new_key())))
    code, said = verify(acts)
    assert (code, said["heads"], said["heads_of_unknown_keys"]) == (0, 2, 1)


@pytest.mark.parametrize("line", ["", "1:2", "0:00:00", "x:y:z", f"1:{'0' * 63}g:00"])
def test_what_is_no_head_is_said_so(acts: World, line: str) -> None:
    ran = CliRunner().invoke(
        wsgi.cli.commands["audit"], ["verify", "--head", line], obj=lambda: acts.tools
    )
    assert getattr(ran.exception, "code", None) == "head_unreadable"


def test_a_head_is_kept_once_an_hour_when_something_was_done(acts: World) -> None:
    def due() -> bool:
        with unit_of_work(acts.tools.engine) as session:
            return head_is_due(session)

    assert due()
    export_head(acts.tools.engine, acts.tools.settings.keys)
    export_head(acts.tools.engine, acts.tools.settings.keys)
    keep(acts)
    assert [row.place for row in acts.query("SELECT place FROM audit_heads")] == [5]
    assert not due()
    tamper(
        acts,
        "ALTER TABLE audit_heads DISABLE TRIGGER USER",
        "UPDATE audit_heads SET at = at - interval '1 hour'",
    )
    assert due()


def test_many_at_once_make_one_chain(world: World) -> None:
    barrier = threading.Barrier(8)

    def act(who: str) -> None:
        barrier.wait()
        for _ in range(10):
            with unit_of_work(world.tools.engine) as session:
                record(session, who, "inbox.retry", "event:1")
                record(session, who, "inbox.retry", "event:2")

    threads = [threading.Thread(target=act, args=(f"p{number}",)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found(world) == []
    assert world.query("SELECT max(place) AS last FROM audit_chain")[0].last == 160


def test_nobody_waits_for_an_act_that_is_not_done_yet(world: World) -> None:
    """The chain is locked at COMMIT only: or an act in a long job would hold up all staff."""
    with unit_of_work(world.tools.engine) as slow:
        record(slow, "anna", "inbox.retry", "event:1")
        slow.flush()
        keep(world, "boris")
    assert found(world) == []
    rows = world.query("SELECT entry_id FROM audit_chain ORDER BY place")
    assert [row.entry_id for row in rows] == [2, 1]


def test_an_act_in_a_transaction_that_sees_one_moment_comes_with_the_next(world: World) -> None:
    with unit_of_work(world.tools.engine, one_moment=True) as session:
        session.execute(text("SELECT count(*) FROM audit_entries"))
        keep(world, "boris")
        record(session, "anna", "settlement.prepare", "settlement:2011-01")
    assert found(world) == []
    assert len(world.query("SELECT FROM audit_chain")) == 1
    assert len(world.query("SELECT FROM audit_waiting")) == 1
    keep(world, "vera")
    rows = world.query(
        "SELECT who FROM audit_chain JOIN audit_entries ON id = entry_id ORDER BY place"
    )
    assert [row.who for row in rows] == ["boris", "anna", "vera"]
    assert world.query("SELECT FROM audit_waiting") == []
    assert found(world) == []


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO audit_chain VALUES (9, 9, '')",
        "UPDATE audit_chain SET hash = ''",
        "DELETE FROM audit_chain",
        "DELETE FROM audit_waiting",
        "UPDATE audit_heads SET hash = ''",
        "SELECT audit_append(1)",
    ],
)
def test_the_application_cannot_touch_the_chain(acts: World, statement: str) -> None:
    with pytest.raises(DBAPIError):
        acts.change(statement)


def test_staff_ask_for_the_head_and_check_a_stretch(acts: World) -> None:
    with unit_of_work(acts.tools.engine) as session:
        token = hire(session, acts.tools.settings.keys, "viewer", Role.VIEWER)
    app, said = acts.client(), {"Authorization": f"Bearer {token}"}
    assert app.get("/admin/api/v1/audit/head", headers=said).get_json()["place"] == 5
    page = app.get("/admin/api/v1/audit/verify?limit=3", headers=said).get_json()
    assert page == {"checked": 3, "breaks": [], "next": 3}
    tamper(acts, "UPDATE audit_entries SET who = 'x' WHERE id = 5")
    rest = app.get("/admin/api/v1/audit/verify?after=3&limit=3", headers=said).get_json()
    broken = {"place": 5, "entry": 5, "why": "the entry is not what it was"}
    assert rest == {"checked": 2, "breaks": [broken], "next": None}
    beyond = app.get("/admin/api/v1/audit/verify?after=9", headers=said)
    assert (beyond.status_code, beyond.get_json()["code"]) == (422, "place_not_reached")
    with snapshot(acts.tools.engine) as session, pytest.raises(PlaceNotReached):
        walk_from(session, 6)
