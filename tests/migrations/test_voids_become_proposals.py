"""Voids that were asked for before there were proposals can be decided about afterwards."""

from collections.abc import Callable

import psycopg

import migrations
from tracker.proposals.rules import fingerprint

BEFORE = """
    INSERT INTO members (id, joined_at, referral_code) VALUES (1, now(), 'a');
    INSERT INTO certificates
        (member_id, order_key, part, amount, from_goal, state, language, ordered_at)
    SELECT 1, 'k', part, 550000, 0, 'ordered', 'ru', now() FROM generate_series(1, 3) AS part;
    INSERT INTO certificate_voids
        (certificate_id, reason, state, proposed_by, decided_by, decided_at)
    VALUES (1, 'one', 'rejected', 'olga', 'anna', now()),
           (2, 'two', 'proposed', 'olga', NULL, NULL),
           (3, 'three', 'approved', 'olga', 'anna', now());
"""
KEPT = "SELECT id, certificate_id, reason, state, proposed_by, decided_by FROM certificate_voids"


def test_voids_keep_their_numbers_there_and_back(empty_database: Callable[[], str]) -> None:
    url = empty_database()
    migrations.upgrade(url, "0018")
    with psycopg.connect(url) as session:
        session.execute(BEFORE)
        before = session.execute(KEPT).fetchall()
    migrations.upgrade(url, "0019")
    with psycopg.connect(url) as session:
        rows = session.execute(
            "SELECT id, subject, slot, payload, payload_sha256, seen, seen_sha256, state"
            " FROM proposals ORDER BY id"
        ).fetchall()
        more = session.execute("SELECT nextval(pg_get_serial_sequence('proposals', 'id'))")
        assert more.fetchall() == [(4,)]
    assert [(row[0], row[1], row[7]) for row in rows] == [
        (1, "certificate:1", "rejected"),
        (2, "certificate:2", "proposed"),
        (3, "certificate:3", "approved"),
    ]
    for number, _, slot, payload, sealed, seen, seen_sealed, _ in rows:
        assert slot == f"certificate.void:{number}"
        assert payload == {"certificate_id": number, "amount": 550_000}
        assert seen == {"member_id": 1, "amount": 550_000}
        assert (sealed, seen_sealed) == (fingerprint(payload), fingerprint(seen))
    migrations.downgrade(url, "0018")
    with psycopg.connect(url) as session:
        assert session.execute(KEPT).fetchall() == before
