"""Staff and acts from before 0018: tokens go on, acts are chained, and all of it goes back."""

from collections.abc import Callable

import psycopg

import migrations
from tracker.audit.chain import breaks, walk_from
from tracker.kit.crypto import Keyring, key_from, new_key
from tracker.kit.database import make_engine, snapshot, unit_of_work
from tracker.staff.rules import Role
from tracker.staff.service import TOKEN, recognise


def test_tokens_go_on_and_acts_are_chained(empty_database: Callable[[], str]) -> None:
    url, keys = empty_database(), Keyring(key_from(new_key()))
    migrations.upgrade(url, "0017")
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO staff (login, role, token_hash) VALUES ('anna', 'approver', %s)",
            [keys.hash(TOKEN, "stf_old")],
        )
        connection.execute(
            "INSERT INTO audit_entries (who, action, reason, before)"
            " SELECT 'anna', 'inbox.retry', 'why', '{\"a\": 1}' FROM generate_series(1, 5)"
        )
    migrations.upgrade(url)
    engine = make_engine(url, role=None)
    with unit_of_work(engine) as session:
        assert recognise(session, keys, "stf_old", Role.APPROVER).login == "anna"
    with snapshot(engine) as session:
        walk = walk_from(session, 0)
        assert list(breaks(session, walk)) == []
        assert walk.checked == 5
    engine.dispose()
    migrations.downgrade(url, "0017")
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT login, token_hash FROM staff").fetchone()
        assert row == ("anna", keys.hash(TOKEN, "stf_old"))
