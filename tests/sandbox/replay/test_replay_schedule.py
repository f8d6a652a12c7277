"""The calendar of a replay, and the order of a day's events."""

from collections import Counter
from datetime import date

import pytest

from sandbox.replay.dataset import Dataset, dataset_of
from sandbox.replay.rows import parse_rows
from sandbox.replay.sample import sample_csv
from sandbox.replay.schedule import calendar, schedule


@pytest.fixture(scope="module")
def sample() -> Dataset:
    return dataset_of(parse_rows(sample_csv().splitlines()))


def test_the_calendar_has_every_day_and_every_event_on_its_day(sample: Dataset) -> None:
    days = list(calendar(sample.events))
    assert days[0].day == sample.events[0].day
    assert days[-1].day == date(2011, 3, 31)
    assert len(days) == (days[-1].day - days[0].day).days + 1
    assert [event for day in days for event in day.events] == sample.events
    assert all(event.day == day.day for day in days for event in day.events)


def test_a_day_ends_at_midnight_in_moscow_and_the_first_of_a_month_settles(
    sample: Dataset,
) -> None:
    settled = {day.settles: day for day in calendar(sample.events) if day.settles}
    assert list(settled) == ["2011-01", "2011-02", "2011-03", "2011-04"]
    assert settled["2011-01"].closes_at.isoformat() == "2010-12-31T21:00:00+00:00"
    assert settled["2011-04"].closes_at.isoformat() == "2011-03-31T20:00:00+00:00"


def test_the_calendar_goes_on_for_events_after_its_last_day(sample: Dataset) -> None:
    days = list(calendar(sample.events, last_day=date(2010, 12, 6)))
    assert days[-1].day == sample.events[-1].day


def test_nothing_happens_without_events() -> None:
    assert [(day.day, day.events) for day in calendar([])] == [(date(2011, 3, 31), [])]


def test_without_a_seed_events_keep_their_order_and_copies_follow_each_other(
    sample: Dataset,
) -> None:
    one, other = sample.events[:2]
    assert schedule([one, other]) == [one, other]
    assert schedule([one, other], copies=3) == [one, one, one, other, other, other]


def test_a_seed_permutes_all_copies_and_loses_none(sample: Dataset) -> None:
    day = sample.events[:40]
    sent = schedule(day, copies=3, seed=7)
    ids = Counter((event.shop, event.webhook_id) for event in sent)
    assert ids == {(event.shop, event.webhook_id): 3 for event in day}
    assert sent == schedule(day, copies=3, seed=7)
    assert sent != schedule(day, copies=3, seed=8)
    assert sent != schedule(day, copies=3)
    assert any(one is not other for one, other in zip(sent[0::3], sent[1::3], strict=True))


def test_every_event_is_sent_at_least_once(sample: Dataset) -> None:
    with pytest.raises(ValueError, match="at least once"):
        schedule(sample.events, copies=0)
