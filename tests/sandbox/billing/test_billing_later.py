"""What the books do later, forget, keep and tell: on a clock of the test's own."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

from sandbox.billing.store import Store
from sandbox.billing.topups import Status, TopUp
from sandbox.billing.truth import paid_topups, payments, still_due
from tracker.kit.clock import FixedClock

NOON = datetime(2010, 12, 20, 9, tzinfo=UTC)
ONE = TopUp("payout:1", "+79000000001", 15_000)


class Time:
    """Real seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def books(folder: Path, time: Time, *, tells: bool = False) -> Store:
    return Store(folder, FixedClock(NOON), tells=tells, real=time)


def test_what_is_late_is_not_found_until_it_is_paid_also_after_a_restart(tmp_path: Path) -> None:
    time = Time()
    store = books(tmp_path, time)
    store.postpone([ONE], {}, 5)
    store.carry_out_due()
    assert (store.result(ONE.key), still_due(tmp_path)) == (None, 1)
    store.close()
    time.now = 5
    store = books(tmp_path, time)
    store.carry_out_due()
    assert still_due(tmp_path) == 0
    assert paid_topups(tmp_path) == {ONE.key: ONE.amount}


def test_what_came_again_meanwhile_is_not_paid_late_too(tmp_path: Path) -> None:
    time = Time()
    store = books(tmp_path, time)
    store.postpone([ONE], {}, 5)
    store.act([ONE], {})
    time.now = 5
    store.carry_out_due()
    assert [one.key for one in payments(tmp_path)] == [ONE.key]


def test_what_is_accepted_ends_later_and_is_told(tmp_path: Path) -> None:
    time = Time()
    store = books(tmp_path, time, tells=True)
    (accepted,) = store.act([ONE], {}, later={ONE.key: 5})
    assert (accepted.status, accepted.at) == (Status.ACCEPTED, None)
    assert store.act([ONE], {}) == [accepted]
    time.now = 5
    store.carry_out_due()
    result = store.result(ONE.key)
    assert result is not None
    assert (result.status, result.at) == (Status.PAID, NOON)
    ((number, body),) = store.tellings().items()
    assert json.loads(body)["reference"] == result.reference
    store.told([number])
    assert store.tellings() == {}


def test_a_key_that_was_forgotten_is_paid_again_and_both_are_seen(tmp_path: Path) -> None:
    time = Time()
    store = books(tmp_path, time)
    store.act([ONE], {}, forgotten={ONE.key: 5})
    store.act([ONE], {})
    assert len(payments(tmp_path)) == 1
    time.now = 5
    assert store.result(ONE.key) is None
    store.act([ONE], {})
    assert [one.key for one in payments(tmp_path)] == [ONE.key, ONE.key]
    assert paid_topups(tmp_path) == {ONE.key: 2 * ONE.amount}
    first = store.statement(date(2010, 12, 20), "", 1)
    second = store.statement(date(2010, 12, 20), first.next or "", 1)
    assert (first.count, first.lines[0].key, second.lines[0].key) == (2, ONE.key, ONE.key)
    assert first.lines[0].reference < second.lines[0].reference


def test_an_error_is_kept_for_ever_and_shown_to_questions_for_a_while(tmp_path: Path) -> None:
    time = Time()
    store = books(tmp_path, time)
    store.keep_error([ONE.key], 5)
    assert store.error_kept([ONE.key, "other"], asked=True)
    assert not store.error_kept(["other"], asked=False)
    time.now = 5
    assert not store.error_kept([ONE.key], asked=True)
    assert store.error_kept([ONE.key], asked=False)


def test_a_callback_that_is_refused_comes_again_but_not_for_ever(tmp_path: Path) -> None:
    store = books(tmp_path, Time())
    (result,) = store.act([ONE], {})
    store.tell(result, 0)
    tries = 0
    while due := store.tellings():
        store.tell_again(due, 0)
        tries += 1
    assert tries == 20
