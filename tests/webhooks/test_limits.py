"""The bucket of tokens: what it lets through, when it says there will be more, what it forgets."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.door.limits import Buckets

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_a_seconds_worth_at_once_and_then_evenly() -> None:
    buckets = Buckets[str](4)
    assert [buckets.take("shop", NOON) for _ in range(5)] == [0, 0, 0, 0, 1]
    assert [buckets.take("shop", after(0.25)) for _ in range(2)] == [0, 1]
    assert [buckets.take("shop", after(0.5)) for _ in range(2)] == [0, 1]


def test_keys_do_not_share() -> None:
    buckets = Buckets[str](1)
    assert buckets.take("one", NOON) == 0
    assert buckets.take("other", NOON) == 0


def test_a_burst_of_another_size() -> None:
    buckets = Buckets[str](1, burst=10)
    assert [buckets.take("shop", NOON) for _ in range(11)] == [0] * 10 + [1]
    assert [buckets.take("shop", after(3)) for _ in range(4)] == [0] * 3 + [1]


@given(
    rate=st.integers(1, 1_000_000),
    burst=st.integers(1, 50),
    steps=st.lists(st.floats(0, 5), min_size=1, max_size=60),
)
def test_what_it_promises_is_kept(rate: int, burst: int, steps: list[float]) -> None:
    """Whoever waits as long as was said is let through; whoever is let through was owed it."""
    buckets = Buckets[str](rate, burst=burst)
    now, taken = NOON, 0
    for step in steps:
        now += timedelta(seconds=step)
        wait = buckets.take("shop", now)
        if wait:
            now += timedelta(seconds=wait)
            assert buckets.take("shop", now) == 0
        taken += 1
    # A token may fill up to a nanosecond late, and a moment is known to a fraction of it.
    assert taken <= burst + rate * ((now - NOON).total_seconds() + 1e-5) + 1


def test_a_clock_that_was_put_back_locks_nobody_out() -> None:
    buckets = Buckets[str](1)
    assert buckets.take("shop", after(3600)) == 0
    assert buckets.take("shop", NOON) == 0


def test_requests_that_overtake_each_other_gain_nothing() -> None:
    buckets = Buckets[str](2)
    assert [buckets.take("shop", after(1)) for _ in range(3)] == [0, 0, 1]
    assert buckets.take("shop", after(0.999)) > 0
    assert buckets.take("shop", NOON) > 0


@pytest.mark.parametrize("age", [0.5, 1, 5, 11, 15, 59])
def test_a_request_that_waited_uses_one_token_and_not_its_age(age: float) -> None:
    buckets = Buckets[str](10)
    assert buckets.take("shop", after(60)) == 0
    assert [buckets.take("shop", after(60 - age)) for _ in range(4)] == [0] * 4
    assert [buckets.take("shop", after(60)) for _ in range(6)] == [0] * 5 + [1]


@pytest.mark.parametrize("age", [0.5, 1, 5, 11, 15, 59])
def test_a_request_that_waited_fills_nothing(age: float) -> None:
    buckets = Buckets[str](10)
    assert [buckets.take("shop", after(60)) for _ in range(10)] == [0] * 10
    assert buckets.take("shop", after(60 - age)) == 1
    assert buckets.take("shop", after(60)) == 1


@given(
    rate=st.sampled_from([1, 2, 4, 5, 10, 20]),
    burst=st.integers(1, 50),
    hundredths=st.lists(st.integers(0, 5_000), min_size=1, max_size=60),
)
def test_in_any_order_each_counts_as_of_the_latest_so_far(
    rate: int, burst: int, hundredths: list[int]
) -> None:
    """The same is let through as if all had come in their order, each when it was decided upon."""
    buckets, orderly = Buckets[str](rate, burst=burst), Buckets[str](rate, burst=burst)
    latest = 0
    for one in hundredths:
        latest = max(latest, one)
        wait = buckets.take("shop", after(one / 100))
        assert wait == orderly.take("shop", after(latest / 100))
        if wait:  # and whoever waits as long as was said is let through
            latest += wait * 100
            assert buckets.take("shop", after(latest / 100)) == 0
            assert orderly.take("shop", after(latest / 100)) == 0


def test_so_many_are_remembered_and_the_oldest_forgotten() -> None:
    buckets = Buckets[int](1, keep=100)
    for number in range(1_000):
        assert buckets.take(number, NOON) == 0
    assert len(buckets) == 100
    assert buckets.take(999, NOON) == 1
    assert buckets.take(0, NOON) == 0


def test_asking_keeps_a_bucket_in_memory() -> None:
    buckets = Buckets[int](1, burst=50, keep=10)
    for number in range(1, 40):
        assert buckets.take(0, NOON) == 0
        assert buckets.take(number, NOON) == 0
    assert [buckets.take(0, NOON) for _ in range(12)] == [0] * 11 + [1]


@pytest.mark.parametrize("threads", [8])
def test_threads_share_it_exactly(threads: int) -> None:
    buckets = Buckets[str](1_000)
    start = threading.Barrier(threads)
    let_through: list[int] = []

    def ask() -> None:
        start.wait()
        let_through.append(sum(buckets.take("shop", NOON) == 0 for _ in range(500)))

    asking = [threading.Thread(target=ask) for _ in range(threads)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert sum(let_through) == 1_000
