"""docs/notifications.md is true: its kinds, states and limits are the product's."""

import re

import psycopg

from tests.docs.pages import blocks, code, page, tables
from tests.world import World
from tracker.notifications.contracts import Channel, Kind
from tracker.notifications.jobs import CHUNK, LEASE_MARGIN
from tracker.notifications.rules import CODES, MANNERS, State, channel_of

PAGE = page("notifications.md")
CHANNELS = {"SMS": Channel.SMS, "e-mail": Channel.EMAIL}


def test_the_kinds_are_these_and_go_this_way() -> None:
    (kinds,) = [one for one in tables(PAGE) if one.heading == "What is told"]
    told = {kind: row for row in kinds.rows for kind in code(row["kind"])}
    assert set(told) == set(Kind)
    for kind, manner in MANNERS.items():
        assert CHANNELS[told[kind]["by default"]] is channel_of(manner)
        assert (told[kind]["urgent"] == "yes") == manner.urgent
    for kind in CODES:
        assert told[kind]["urgent"] == "yes"


def test_the_states_are_these() -> None:
    states, _ = [one for one in tables(PAGE) if one.heading == "On the way"]
    assert {word for row in states.rows for word in code(row["state"])} == set(State)


def test_the_limits_are_these() -> None:
    assert f"up to {CHUNK} messages" in PAGE
    assert f"time-out and {LEASE_MARGIN} seconds" in PAGE


def test_the_statement_is_understood_and_allowed(world: World) -> None:
    (statement,) = [one.text for one in blocks(PAGE) if one.language == "sql"]
    with psycopg.connect(world.tools.settings.database_owner_url) as connection:
        connection.execute(statement.encode())
        connection.rollback()


def test_the_rows_are_as_small_as_it_says(world: World) -> None:
    said = int(re.findall(r"about (\d+) bytes each", PAGE)[0])
    world.change_as_owner(
        """
        INSERT INTO notifications (key, kind, channel, member_id, payload, language, urgent, at,
                                   expires_at, state, reference, ended_at)
        SELECT replace(:key, 'N', CAST(id AS text)), 'cashback_confirmed', 'email', id,
               CAST(:payload AS jsonb), 'ru', false, now(), now(), 'sent', :reference, now()
        FROM generate_series(1000000, 1010000) AS id
        """,
        key="purchase:N:cashback_confirmed:N:2",
        payload='{"shop": 17, "amount": 15300}',
        reference="<0123456789abcdef0123456789abcdef@club.example>",
    )
    size = world.query("SELECT pg_total_relation_size('notifications') / 10001 AS each")[0].each
    assert said * 0.7 < size < said * 1.3
