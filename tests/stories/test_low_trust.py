"""What a word may do of which nobody proved who wrote it: never add to what is settled."""

from datetime import datetime
from functools import partial
from typing import Any

import pytest

from tests.stories.reports import (
    THE_END,
    book_all,
    cancellation,
    confirmation,
    ends_in_every_order,
    given_back,
    purchase_id,
    stated,
    status_of,
)
from tests.world import BONUS, Shop, World, day, rubles
from tracker.clicks.rules import OnHoldEnd
from tracker.kit.database import unit_of_work
from tracker.ledger.service import Balance
from tracker.purchases.contracts import PurchaseReport
from tracker.purchases.service import (
    PurchaseNotAwaitingStaff,
    PurchaseNotFound,
    decide,
    vouch,
)

LATE = day(60)
heard = partial(stated, trusted=False)
claimed = partial(confirmation, trusted=False)


@pytest.fixture
def shop(world: World) -> Shop:
    """Ten percent, a hold of 30 days, confirmed in silence."""
    return world.shop()


def available(world: World, member: int) -> int:
    return world.balance(member).available


def say(world: World, order: str, outcome: OnHoldEnd, at: datetime = LATE) -> None:
    with unit_of_work(world.tools.engine) as session:
        decide(session, purchase_id(world, order), outcome, at, world.programme)


def test_it_opens_restates_and_cancels_but_never_confirms(world: World, shop: Shop) -> None:
    member = world.member()
    click = world.click(member, shop)
    book_all(world, heard(shop, "A-1", click, {"1": 100}), claimed(shop, "A-1"))
    assert world.balance(member) == Balance(rubles(10) + BONUS, 0, 0)
    more = heard(shop, "A-1", click, {"1": 300}, at=day(2), source="more", amended=True)
    assert book_all(world, more) == []
    assert world.balance(member).pending == rubles(30) + BONUS
    book_all(world, cancellation(shop, "A-1", trusted=False))
    assert world.balance(member) == Balance(0, 0, 0)
    assert world.differences() == []


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        (OnHoldEnd.CONFIRM, "confirmed"),
        (OnHoldEnd.REJECT, "rejected"),
        (OnHoldEnd.WAIT_FOR_STAFF, "awaiting_staff"),
    ],
)
@pytest.mark.parametrize("is_claimed", [False, True])
def test_its_hold_ends_as_the_shop_promised(
    world: World, policy: OnHoldEnd, status: str, is_claimed: bool
) -> None:
    shop, member = world.shop(on_hold_end=policy), world.member()
    book_all(world, heard(shop, "A-1", world.click(member, shop), {"1": 100}))
    if is_claimed:
        book_all(world, claimed(shop, "A-1"))
    world.end_holds(LATE)
    assert status_of(world, "A-1") == status
    assert world.differences() == []


def test_a_proved_confirmation_waits_for_the_hold_and_goes_before_the_policy(world: World) -> None:
    """It proves neither who bought nor for how much: the hold leaves the shop time to object."""
    shop, member = world.shop(on_hold_end=OnHoldEnd.REJECT), world.member()
    click = world.click(member, shop)
    book_all(world, heard(shop, "A-1", click, {"1": 100}), confirmation(shop, "A-1"))
    assert status_of(world, "A-1") == "pending"
    world.end_holds(LATE)
    assert available(world, member) == rubles(10) + BONUS
    assert world.differences() == []


def test_a_proved_statement_ends_the_wait(world: World, shop: Shop) -> None:
    member, other = world.members(2)
    mine, theirs = world.click(member, shop), world.click(other, shop)
    book_all(world, heard(shop, "A-1", theirs, {"1": 9000}), confirmation(shop, "A-1"))
    book_all(world, stated(shop, "A-1", mine, {"1": 100}, source="proved"))
    assert available(world, member) == rubles(10) + BONUS
    assert world.balance(other) == Balance(0, 0, 0)
    late = heard(shop, "A-1", theirs, {"1": 9000}, at=day(50), amended=True, source="late")
    assert book_all(world, late) == []
    assert available(world, member) == rubles(10) + BONUS
    assert world.differences() == []


def test_the_same_end_in_every_order(world: World, shop: Shop) -> None:
    def telling(order: str, click: str) -> list[PurchaseReport]:
        return [
            heard(shop, order, click, {"1": 100, "2": 50}),
            heard(shop, order, None, {"1": 900}, at=day(3), amended=True, source="no click"),
            heard(shop, order, click, {"1": 80, "2": 50}, at=day(4), amended=True, source="2"),
            claimed(shop, order, 120),
            confirmation(shop, order),
            given_back(shop, order, "R-1", {"2": 20}, trusted=False),
        ]

    # 80 and 30 are left, less than the 120 that were claimed.
    expected = ("confirmed", Balance(0, rubles(11) + BONUS, 0))
    assert ends_in_every_order(world, shop, telling) == {expected}


def test_proved_and_unproved_words_in_every_order(world: World, shop: Shop) -> None:
    def telling(order: str, click: str) -> list[PurchaseReport]:
        return [
            heard(shop, order, click, {"1": 5000}, at=day(9), amended=True),
            heard(shop, order, click, {"3": 10}, whole=False, source="piece"),
            stated(shop, order, click, {"1": 60}, whole=False, source="proved 1"),
            stated(shop, order, None, {"2": 40}, whole=False, source="proved 2"),
            confirmation(shop, order),
        ]

    for hold_ends in (False, True):
        ends = ends_in_every_order(world, shop, telling, hold_ends=hold_ends)
        assert ends == {("confirmed", Balance(0, rubles(10) + BONUS, 0))}


def bypasses(shop: Shop, mine: str, theirs: str) -> dict[str, PurchaseReport]:
    """Ways to get more of what is settled at 100 and 50 roubles of one's own click."""
    later: dict[str, Any] = {"at": day(40), "source": "later", "amended": True}
    lines = {"1": 100.0, "2": 50.0}
    return {
        "dearer": heard(shop, "A-1", mine, {"1": 101, "2": 50}, **later),
        "dearer, and less in all": heard(shop, "A-1", mine, {"1": 110}, **later),
        "one line more": heard(shop, "A-1", mine, {**lines, "3": 1}, **later),
        "a line by another name": heard(shop, "A-1", mine, {"1": 100, "9": 50}, **later),
        "another member": heard(shop, "A-1", theirs, lines, **later),
        "nobody": heard(shop, "A-1", None, lines, **later),
        "an older order": heard(shop, "A-1", mine, lines, **later, ordered_at=day(0)),
    }


@pytest.mark.parametrize("way", list(bypasses(Shop(1, "", b""), "", "")))
@pytest.mark.parametrize("settled", ["calendar", "staff"])
def test_what_is_settled_gains_nothing_by_it(
    world: World, shop: Shop, way: str, settled: str
) -> None:
    member, other = world.members(2)
    mine, theirs = world.click(member, shop), world.click(other, shop)
    book_all(world, heard(shop, "A-1", mine, {"1": 100, "2": 50}))
    if settled == "calendar":
        world.end_holds(day(35))
    else:
        say(world, "A-1", OnHoldEnd.CONFIRM, day(2))
    confirmed = Balance(0, rubles(15) + BONUS, 0)
    assert world.balance(member) == confirmed
    assert book_all(world, bypasses(shop, mine, theirs)[way]) == ["amount_not_proven"]
    assert book_all(world, claimed(shop, "A-1", 9000, at=day(41))) == []
    world.end_holds(THE_END)
    assert world.balance(member) == confirmed
    assert world.balance(other) == Balance(0, 0, 0)
    assert world.differences() == []


def test_what_was_rejected_in_silence_is_settled_too(world: World) -> None:
    """Or a confirmation that comes late would confirm whatever was written meanwhile."""
    shop, member = world.shop(on_hold_end=OnHoldEnd.REJECT), world.member()
    click = world.click(member, shop)
    book_all(world, heard(shop, "A-1", click, {"1": 100}))
    world.end_holds(LATE)
    more = heard(shop, "A-1", click, {"1": 900}, at=day(61), source="more")
    assert book_all(world, more) == ["amount_not_proven"]
    book_all(world, confirmation(shop, "A-1", at=day(62)))
    assert available(world, member) == rubles(10) + BONUS


def test_a_piece_that_comes_late_adds_nothing(world: World, shop: Shop) -> None:
    member = world.member()
    click = world.click(member, shop)
    piece = partial(heard, shop, "A-1", click, whole=False)
    assert book_all(world, piece({"1": 100}), piece({"2": 50}, source="2")) == []
    world.end_holds(day(35))
    late = piece({"3": 1}, at=day(36), source="3"), piece({"1": 900}, at=day(36), source="4")
    assert book_all(world, *late) == ["amount_not_proven"] * 2
    assert book_all(world, piece({"2": 10}, at=day(36), source="5")) == []
    assert available(world, member) == rubles(11) + BONUS
    assert world.differences() == []


def test_less_is_taken_also_when_it_is_settled(world: World, shop: Shop) -> None:
    member = world.member()
    click = world.click(member, shop)
    book_all(world, heard(shop, "A-1", click, {"1": 100, "2": 50}))
    world.end_holds(day(35))
    less = heard(shop, "A-1", click, {"1": 90}, at=day(40), source="less")
    assert book_all(world, less) == []
    assert available(world, member) == rubles(9) + BONUS
    assert book_all(world, cancellation(shop, "A-1", trusted=False)) == []
    assert world.balance(member) == Balance(0, 0, 0)
    assert world.differences() == []


def test_a_date_made_up_does_not_end_its_hold(world: World, shop: Shop) -> None:
    """An order of long ago, told today, by a click of today: the hold begins today."""
    member = world.member()
    click = world.click(member, shop, day(40))
    long_ago = heard(shop, "A-1", click, {"1": 100}, at=day(5), ordered_at=day(5))
    book_all(world, long_ago)
    assert world.end_holds(day(69)) == 0
    assert world.end_holds(day(70)) == 1


def test_its_hold_begins_no_sooner_than_we_heard(world: World, shop: Shop) -> None:
    member = world.member()
    click = world.click(member, shop, day(0))
    first = heard(shop, "A-1", click, {"1": 100}, received_at=day(20))
    book_all(world, first)
    dearer = heard(shop, "A-1", click, {"1": 900}, at=day(49), source="2", received_at=day(49))
    assert world.end_holds(day(49)) == 0
    book_all(world, dearer)
    assert world.end_holds(day(78)) == 0
    assert world.end_holds(day(79)) == 1


def test_a_word_without_a_moment_was_heard_when_it_was_received(world: World, shop: Shop) -> None:
    click = world.click(world.member(), shop, day(0))
    undated = heard(shop, "A-1", click, {"1": 100}, at=day(20), dated=False)
    book_all(world, undated)
    assert world.end_holds(day(49)) == 0
    assert world.end_holds(day(50)) == 1


@pytest.mark.parametrize("outcome", [OnHoldEnd.CONFIRM, OnHoldEnd.REJECT])
@pytest.mark.parametrize("is_confirmed", [False, True])
def test_staff_decide_what_is_pending_on_an_unproved_word(
    world: World, shop: Shop, outcome: OnHoldEnd, is_confirmed: bool
) -> None:
    member = world.member()
    book_all(world, heard(shop, "A-1", world.click(member, shop), {"1": 100}))
    if is_confirmed:
        book_all(world, confirmation(shop, "A-1"))
    say(world, "A-1", outcome, day(8))
    is_kept = outcome is OnHoldEnd.CONFIRM
    assert available(world, member) == (rubles(10) + BONUS if is_kept else 0)
    assert world.balance(member).pending == 0
    with pytest.raises(PurchaseNotAwaitingStaff):
        say(world, "A-1", OnHoldEnd.CONFIRM)
    assert world.differences() == []


def test_staff_decide_also_where_the_confirmation_alone_is_unproved(
    world: World, shop: Shop
) -> None:
    member = world.member()
    click = world.click(member, shop)
    book_all(world, stated(shop, "A-1", click, {"1": 100}))
    with pytest.raises(PurchaseNotAwaitingStaff, match="pending"):
        say(world, "A-1", OnHoldEnd.CONFIRM)
    book_all(world, claimed(shop, "A-1"))
    say(world, "A-1", OnHoldEnd.CONFIRM)
    assert available(world, member) == rubles(10) + BONUS
    assert world.differences() == []


def test_staff_vouch_for_a_total_and_the_event_is_tried_again(world: World, shop: Shop) -> None:
    member, other = world.members(2)
    click = world.click(member, shop)
    book_all(world, heard(shop, "A-1", click, {"1": 100}))
    world.end_holds(day(35))
    more = heard(shop, "A-1", click, {"1": 100, "2": 400}, at=day(40), source="more")
    assert book_all(world, more) == ["amount_not_proven"]
    with unit_of_work(world.tools.engine) as session:
        found = purchase_id(world, "A-1")
        before, after = vouch(session, found, rubles(500), day(41), world.programme)
        assert (before["vouched_total"], after["vouched_total"]) == (None, rubles(500))
        with pytest.raises(PurchaseNotFound):
            vouch(session, found + 1, 1, day(41), world.programme)
    too_much = heard(shop, "A-1", click, {"1": 501}, at=day(42), source="too much")
    theirs = heard(shop, "A-1", world.click(other, shop), {"1": 5}, at=day(42), source="theirs")
    assert book_all(world, too_much, theirs) == ["amount_not_proven"] * 2
    assert book_all(world, more) == []
    assert available(world, member) == rubles(50) + BONUS
    assert world.differences() == []
