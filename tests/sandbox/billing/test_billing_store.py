"""The operator's books: keys, conflicts, days, and many callers at once."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.billing.store import Store
from sandbox.billing.topups import KeyConflict, Status, TopUp
from sandbox.billing.truth import paid_topups
from tracker.kit.clock import FixedClock, moscow_midnight

NOON = datetime(2010, 12, 20, 9, tzinfo=UTC)
FIRST = TopUp("payout:1", "+79000000001", 15_000)
SECOND = TopUp("payout:2", "+79000000002", 700)
EVERYTHING = ""


def books(folder: Path, moment: datetime = NOON) -> Store:
    return Store(folder, FixedClock(moment))


def test_new_topups_are_paid_or_failed(tmp_path: Path) -> None:
    paid, failed = books(tmp_path).act([FIRST, SECOND], {SECOND.key: "number_closed"})
    assert (paid.status, paid.amount, paid.reason) == (Status.PAID, 15_000, None)
    assert paid.reference
    assert (failed.status, failed.reference, failed.reason) == (
        Status.FAILED,
        None,
        "number_closed",
    )
    assert paid_topups(tmp_path) == {FIRST.key: 15_000}


def test_a_key_seen_before_gets_its_saved_result(tmp_path: Path) -> None:
    store = books(tmp_path)
    (before,) = store.act([FIRST], {})
    again, other = store.act([FIRST, SECOND], {FIRST.key: "number_closed"})
    assert again == before
    assert other.status is Status.PAID
    assert store.result(FIRST.key) == before


def test_a_failure_is_final(tmp_path: Path) -> None:
    store = books(tmp_path)
    (failed,) = store.act([FIRST], {FIRST.key: "number_closed"})
    assert store.act([FIRST], {}) == [failed]
    assert paid_topups(tmp_path) == {}


@pytest.mark.parametrize(
    "other", [TopUp(FIRST.key, FIRST.phone, 15_001), TopUp(FIRST.key, SECOND.phone, 15_000)]
)
def test_a_key_with_other_content_stops_its_batch(tmp_path: Path, other: TopUp) -> None:
    store = books(tmp_path)
    store.act([FIRST], {})
    with pytest.raises(KeyConflict) as caught:
        store.act([SECOND, other], {})
    assert caught.value.keys == [FIRST.key]
    assert paid_topups(tmp_path) == {FIRST.key: 15_000}
    assert store.statement(date(2010, 12, 20), EVERYTHING, 9).count == 1


def test_an_unknown_key_has_no_result(tmp_path: Path) -> None:
    assert books(tmp_path).result("payout:9") is None


def test_a_business_day_is_moscows_and_half_open(tmp_path: Path) -> None:
    midnight = moscow_midnight(date(2011, 1, 1))
    tick = timedelta(microseconds=1)
    moments = {"a": midnight - tick, "b": midnight, "c": midnight + timedelta(days=1) - tick}
    moments["d"] = midnight + timedelta(days=1)
    for key, moment in moments.items():
        books(tmp_path, moment).act([TopUp(key, FIRST.phone, 100)], {})
    store = books(tmp_path)
    by_day = {
        day: [line.key for line in store.statement(day, EVERYTHING, 9).lines]
        for day in (date(2010, 12, 31), date(2011, 1, 1), date(2011, 1, 2))
    }
    assert list(by_day.values()) == [["a"], ["b", "c"], ["d"]]


def test_a_statement_shows_paid_topups_only(tmp_path: Path) -> None:
    store = books(tmp_path)
    store.act([FIRST, SECOND], {SECOND.key: "number_closed"})
    page = store.statement(date(2010, 12, 20), EVERYTHING, 9)
    (line,) = page.lines
    assert (line.key, line.phone, line.amount, line.at) == (FIRST.key, FIRST.phone, 15_000, NOON)
    assert (page.count, page.total, page.next) == (1, 15_000, None)


def test_a_statement_is_read_page_by_page(tmp_path: Path) -> None:
    store = books(tmp_path)
    store.act([TopUp(f"k{n}", FIRST.phone, n) for n in range(1, 6)], {})
    seen, after = [], EVERYTHING
    for _ in range(3):
        page = store.statement(date(2010, 12, 20), after, 2)
        assert (page.count, page.total) == (5, 15)
        seen.append([line.key for line in page.lines])
        after = page.next or ""
    assert seen == [["k1", "k2"], ["k3", "k4"], ["k5"]]
    assert after == ""


def test_the_same_batch_from_many_at_once_is_paid_once(tmp_path: Path) -> None:
    batch = [TopUp(f"k{n}", FIRST.phone, 100) for n in range(50)]
    stores = [books(tmp_path), books(tmp_path)]  # two connections to one file
    barrier, answers = threading.Barrier(8), []

    def work(act: Callable[..., object]) -> None:
        barrier.wait()
        answers.append(act(batch, {}))

    threads = [threading.Thread(target=work, args=(stores[n % 2].act,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert all(answer == answers[0] for answer in answers)
    page = stores[0].statement(date(2010, 12, 20), EVERYTHING, 99)
    assert (page.count, page.total, len(page.lines)) == (50, 5_000, 50)
