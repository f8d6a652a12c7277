"""Claims: who has an event in hand, until when, and who may still write."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.webhooks.letters import body
from tests.world import World
from tracker.kit.database import unit_of_work
from webhooks.inbox.models import EventState, ParkedReason
from webhooks.inbox.queries import (
    gauges,
    oldest_waiting,
    readiness,
    received,
    search,
    standing,
)
from webhooks.inbox.work import (
    CLAIM_BYTES,
    LEASE_SECONDS,
    Claim,
    LeaseLost,
    claim,
    claim_suspect,
    discard,
    finish,
    is_waiting,
    park,
    put_back,
    rest,
    retry,
)

WHY = (ParkedReason.KEEPS_FAILING, "because")


@pytest.fixture
def letters(world: World) -> list[int]:
    """Three events that wait."""
    shop = world.shop()
    for _ in range(3):
        world.post(shop, body())
    return [row.id for row in world.query("SELECT id FROM inbox_events ORDER BY id")]


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with unit_of_work(world.tools.engine) as opened:
        yield opened


def ids(claimed: Claim) -> list[int]:
    return [event.id for event in claimed.events]


def expire(session: Session) -> None:
    """The lease of everything in somebody's hands is over."""
    session.execute(
        text("UPDATE inbox_events SET lease_until = clock_timestamp() - interval '1 ms'")
    )


def test_the_oldest_are_taken_first_and_once(letters: list[int], session: Session) -> None:
    assert ids(claim(session, 2)) == letters[:2]
    assert ids(claim(session, 2)) == letters[2:]
    assert ids(claim(session, 2)) == []


def test_a_lease_lasts_half_a_minute(letters: list[int], session: Session) -> None:
    claim(session, 3)
    left = session.scalars(
        text("SELECT extract(epoch FROM lease_until - clock_timestamp()) FROM inbox_events")
    ).all()
    assert LEASE_SECONDS == 30
    assert all(29 < seconds <= 30 for seconds in left)
    assert not is_waiting(session)


def test_after_its_lease_an_event_is_anybodys_again(letters: list[int], session: Session) -> None:
    first = claim(session, 3)
    expire(session)
    assert is_waiting(session)
    assert ids(first) == letters
    for letter in letters:
        second = claim_suspect(session)
        assert ids(second) == [letter]
        assert second.fence > first.fence
        assert second.events[0].attempts == 2
    assert ids(claim_suspect(session)) == []


def test_what_was_in_hand_once_comes_no_more_with_what_is_fresh(
    letters: list[int], session: Session
) -> None:
    claim(session, 2)
    expire(session)
    assert ids(claim(session, 3)) == letters[2:]
    assert ids(claim_suspect(session, letters[0])) == []
    assert ids(claim_suspect(session, letters[2])) == letters[:1]


def test_who_comes_late_writes_nothing(letters: list[int], session: Session) -> None:
    late = claim(session, 3)
    expire(session)
    holder = claim_suspect(session)
    with pytest.raises(LeaseLost), session.begin_nested():
        finish(session, late.fence, letters)
    with pytest.raises(LeaseLost), session.begin_nested():
        park(session, late.fence, {letters[0]: WHY})
    rest(session, late.fence, letters[0], 3600)
    finish(session, holder.fence, letters[:1])
    assert standing(session)["done"] == 1


def test_a_lease_that_is_over_still_holds_while_nobody_took_the_event(
    letters: list[int], session: Session
) -> None:
    """Late, but the only one: the work need not be done twice."""
    slow = claim(session, 3)
    expire(session)
    finish(session, slow.fence, letters)
    assert standing(session)["done"] == 3


def test_what_is_done_stays_done(letters: list[int], session: Session) -> None:
    holder = claim(session, 3)
    finish(session, holder.fence, letters)
    expire(session)
    assert ids(claim_suspect(session)) == ids(claim(session, 3)) == []
    with pytest.raises(LeaseLost):
        finish(session, holder.fence, letters)


def test_a_failing_event_rests_and_comes_back(letters: list[int], session: Session) -> None:
    holder = claim(session, 1)
    rest(session, holder.fence, letters[0], 2)
    assert ids(claim(session, 3)) == letters[1:]
    expire(session)
    assert ids(claim_suspect(session)) == letters[:1]


def test_parked_events_lie_until_somebody_lets_them_try_again(
    letters: list[int], session: Session
) -> None:
    holder = claim(session, 3)
    park(session, holder.fence, {letters[0]: WHY, letters[1]: WHY})
    finish(session, holder.fence, letters[2:])
    assert not is_waiting(session)
    found = standing(session)
    assert found["parked_by_reason"] == {"keeps_failing": 2}
    assert (found["waiting"], found["done"], found["parked"]) == (0, 1, 2)

    assert retry(session, letters) == dict.fromkeys(letters[:2], "parked")
    assert retry(session, letters) == {}
    again = claim(session, 3)
    assert ids(again) == letters[:2]
    assert {event.attempts for event in again.events} == {1}


def test_nothing_parked_is_nothing_done(letters: list[int], session: Session) -> None:
    park(session, claim(session, 3).fence, {})
    finish(session, 0, [])
    assert standing(session)["waiting"] == 3


def test_a_long_detail_is_cut(letters: list[int], session: Session) -> None:
    holder = claim(session, 1)
    park(session, holder.fence, {letters[0]: (ParkedReason.UNREADABLE, "x" * 5_000)})
    cut = session.scalar(
        text("SELECT length(parked_detail) FROM inbox_events WHERE id = :id"), {"id": letters[0]}
    )
    assert cut == 1_000


def test_an_event_in_hand_is_still_one_that_waits(letters: list[int], session: Session) -> None:
    """Whoever watches the inbox sees a worker that hangs."""
    claim(session, 3)
    assert readiness(session)["inbox_waiting"] == 3
    assert (oldest_waiting(session) or 0) > 0


def test_a_claim_is_limited_by_its_bytes(world: World, session: Session) -> None:
    shop, size = world.shop(), CLAIM_BYTES // 2
    sizes = {"a": 10, "b": size, "c": size - 10, "d": 1, "e": CLAIM_BYTES + 1, "f": 1}
    known = world.store(shop, {name: b"x" * length for name, length in sizes.items()})
    taken = [claim(session, 10) for _ in range(4)]
    assert [ids(one) for one in taken] == [known[:3], known[3:4], known[4:5], known[5:]]
    lengths = [len(event.body) for one in taken for event in one.events]
    assert lengths == list(sizes.values())


def test_a_long_event_is_handled_in_portions(letters: list[int], session: Session) -> None:
    holder = claim(session, 1)
    put_back(session, holder.fence, letters[0], 1_000, "one was wrong")
    assert is_waiting(session)
    again = claim(session, 1)
    (event,) = again.events
    assert (event.id, event.attempts, event.notices_done) == (letters[0], 1, 1_000)
    assert event.parked_detail == "one was wrong"
    with pytest.raises(LeaseLost), session.begin_nested():
        put_back(session, holder.fence, letters[0], 2_000, None)
    finish(session, again.fence, letters[:1])


def test_what_is_discarded_rests_until_it_is_wanted_after_all(
    letters: list[int], session: Session
) -> None:
    assert discard(session, letters) == set(), "they wait"
    park(session, claim(session, 2).fence, {letters[0]: WHY, letters[1]: WHY})
    assert discard(session, letters) == set(letters[:2])
    found = standing(session)
    assert (found["waiting"], found["parked"], found["discarded"]) == (1, 0, 2)
    assert gauges(session)["inbox_discarded"] == 2
    kept = search(session, reason=ParkedReason.KEEPS_FAILING, state=EventState.DISCARDED)
    assert [event.id for event in kept] == letters[:2]
    assert retry(session, letters[:1]) == {letters[0]: "discarded"}
    assert ids(claim(session, 3)) == [letters[0], letters[2]]


def test_an_event_without_its_bytes_holds_up_nobody(
    world: World, letters: list[int], session: Session
) -> None:
    world.change_as_owner("DELETE FROM inbox_bodies WHERE event_id = :id", id=letters[0])
    first, *others = claim(session, 3).events
    assert first.body == b""
    assert all(event.body for event in others)


def test_searching(world: World, session: Session) -> None:
    shop, other = world.shop(), world.shop("other")
    early, late = day_of(1), day_of(2)
    first, second = world.store(shop, {"a": b"1", "b": b"2"}, late)
    (third,) = world.store(other, {"a": b"3"}, early)
    session.execute(text("UPDATE inbox_events SET state = 'done' WHERE id = :id"), {"id": second})

    def found(**wanted: Any) -> list[int]:
        return [event.id for event in search(session, **wanted)]

    assert found() == [third, first, second], "in the order in which they were received"
    assert found(limit=2) == [third, first]
    assert found(after=third) == [first, second]
    assert found(after=second) == []
    assert found(shop_id=shop.id) == [first, second]
    assert found(shop_id=shop.id, state=EventState.DONE) == [second]
    assert found(since=late) == [first, second]
    assert found(until=late) == [third]
    assert found(since=early, until=late, shop_id=other.id) == [third]
    assert found(webhook_ids=["a"]) == [third, first]
    assert found(trusted=False) == []
    assert [event.body for part in received(session, shop.id, early) for event in part] == [
        b"1",
        b"2",
    ]
    assert list(received(session, shop.id, early, late)) == []


def day_of(number: int) -> datetime:
    """A day of the present month: there is a partition for it."""
    return datetime.now(UTC).replace(day=number, hour=12)
