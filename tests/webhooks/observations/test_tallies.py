"""Counting in memory: exact over threads, bounded, and nothing lost by being put back."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from webhooks.observations import tallies
from webhooks.observations.rules import Outcome, hour_of
from webhooks.observations.tallies import Batch, Tally

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def counts(batch: Batch) -> dict[tuple[int, datetime, Outcome], int]:
    return {key: seen.count for key, seen in batch.counts.items()}


def test_what_is_noted_is_counted_by_shop_hour_and_outcome() -> None:
    tally = Tally()
    for shop, outcome, moment in (
        (1, Outcome.ACCEPTED, NOON),
        (1, Outcome.ACCEPTED, NOON + 3_599 * SECOND),
        (1, Outcome.ACCEPTED, NOON + 3_600 * SECOND),
        (1, Outcome.SIGNATURE, NOON),
        (2, Outcome.ACCEPTED, NOON),
    ):
        tally.note(shop, outcome, moment)
    batch = tally.take()
    assert counts(batch) == {
        (1, NOON, Outcome.ACCEPTED): 2,
        (1, NOON + 3_600 * SECOND, Outcome.ACCEPTED): 1,
        (1, NOON, Outcome.SIGNATURE): 1,
        (2, NOON, Outcome.ACCEPTED): 1,
    }
    seen = batch.counts[1, NOON, Outcome.ACCEPTED]
    assert (seen.first_at, seen.last_at) == (NOON, NOON + 3_599 * SECOND)
    assert counts(tally.take()) == {}


def test_moments_that_come_out_of_order_are_put_in_order() -> None:
    tally = Tally()
    for seconds in (5, 1, 9, 3):
        tally.note(1, Outcome.ACCEPTED, NOON + seconds * SECOND)
    seen = tally.take().counts[1, NOON, Outcome.ACCEPTED]
    assert (seen.first_at, seen.last_at) == (NOON + SECOND, NOON + 9 * SECOND)


def test_what_is_put_back_adds_to_what_came_since() -> None:
    tally = Tally()
    tally.note(1, Outcome.ACCEPTED, NOON, secret_id=7)
    batch = tally.take()
    tally.note(1, Outcome.ACCEPTED, NOON + SECOND)
    tally.put_back(batch)
    again = tally.take()
    assert counts(again) == {(1, NOON, Outcome.ACCEPTED): 2}
    assert again.used == {7: NOON}


def test_a_secrets_use_is_told_once_a_minute() -> None:
    tally = Tally()
    told = []
    for seconds in range(0, 180, 10):
        tally.note(1, Outcome.ACCEPTED, NOON + seconds * SECOND, secret_id=7)
        told.append(tally.take().used)
    assert [one for one in told if one] == [
        {7: NOON},
        {7: NOON + 60 * SECOND},
        {7: NOON + 120 * SECOND},
    ]


def test_it_is_bounded_and_what_is_known_is_counted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "KEPT", 10)
    tally = Tally()
    for shop in range(100):
        tally.note(shop, Outcome.ACCEPTED, NOON)
    tally.note(3, Outcome.ACCEPTED, NOON)
    batch = tally.take()
    assert len(batch.counts) == 10
    assert batch.counts[3, NOON, Outcome.ACCEPTED].count == 2
    for shop in range(200, 205):
        tally.note(shop, Outcome.ACCEPTED, NOON)
    tally.put_back(batch)
    assert len(tally.take().counts) == 10


def test_threads_that_note_while_others_take_and_put_back_lose_nothing() -> None:
    """Whatever is taken is put back or kept, and all of it together is what was noted."""
    tally, kept = Tally(), []
    start, done = threading.Barrier(10), threading.Event()
    each = 5_000

    def note(shop: int) -> None:
        start.wait()
        for number in range(each):
            tally.note(shop % 3, Outcome.ACCEPTED, NOON + number * SECOND)

    def take(keeps: bool) -> None:
        start.wait()
        while not done.is_set():
            batch = tally.take()
            if keeps:
                kept.append(batch)
            else:
                tally.put_back(batch)

    noting = [threading.Thread(target=note, args=(shop,)) for shop in range(8)]
    taking = [threading.Thread(target=take, args=(keeps,)) for keeps in (True, False)]
    for one in (*noting, *taking):
        one.start()
    for one in noting:
        one.join()
    done.set()
    for one in taking:
        one.join()
    found = sum(sum(counts(batch).values()) for batch in [*kept, tally.take()])
    assert found == 8 * each
    assert hour_of(NOON) == NOON
