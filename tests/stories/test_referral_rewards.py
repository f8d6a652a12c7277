"""The referral reward: with a friend's first purchase, pending with it, sharing its fate."""

import pytest

from tests.inviting import REWARD, Inviter, highest, newcomers
from tests.world import BONUS, World, cancelled, confirmed, created, day, returned, rubles, updated
from tracker.clicks.rules import OnHoldEnd
from tracker.ledger.service import Balance
from tracker.purchases.service import Programme

NOTHING = Balance(0, 0, 0)


@pytest.fixture
def inviter(world: World) -> Inviter:
    """A member with a link."""
    return Inviter(world)


def test_it_is_pending_with_the_first_purchase_and_confirmed_with_it(inviter: Inviter) -> None:
    friend = inviter.friend()
    assert inviter.has == NOTHING
    inviter.buys(friend, "A-1", 1)
    assert inviter.has == Balance(REWARD, 0, 0)
    inviter.keeps("A-1", 2)
    assert inviter.has == Balance(0, REWARD, 0)
    assert inviter.world.balance(friend).available == rubles(100) + BONUS
    inviter.buys(friend, "A-2", 3)
    inviter.keeps("A-2", 4)
    assert inviter.has == Balance(0, REWARD, 0)
    assert inviter.world.differences() == []


def test_a_friends_return_takes_it_back_also_after_the_payout(inviter: Inviter) -> None:
    friend = inviter.friend()
    inviter.buys(friend, "A-1", 1)
    inviter.keeps("A-1", 2)
    inviter.world.settle("2011-01", day(31))
    assert inviter.has == NOTHING
    inviter.gives_back("A-1", 32)
    assert inviter.has == Balance(0, -REWARD, 0)
    assert inviter.world.differences() == []


def test_it_does_not_move_to_the_next_purchase(inviter: Inviter) -> None:
    friend = inviter.friend()
    inviter.buys(friend, "A-1", 1)
    inviter.buys(friend, "A-2", 2)
    inviter.keeps("A-2", 3)
    assert inviter.has == Balance(REWARD, 0, 0)
    inviter.gives_back("A-1", 4)
    assert inviter.has == NOTHING
    assert inviter.states() == ["rejected"]
    inviter.buys(friend, "A-3", 5)
    inviter.keeps("A-3", 6)
    assert inviter.has == NOTHING
    assert inviter.world.differences() == []


def test_what_is_given_back_in_part_is_a_purchase_all_the_same(inviter: Inviter) -> None:
    inviter.buys(inviter.friend(), "A-1", 1)
    inviter.world.tell(inviter.shop, returned("A-1", "R-1", {"1": 900}, at=day(2)))
    inviter.keeps("A-1", 3)
    assert inviter.has == Balance(0, REWARD, 0)
    assert inviter.world.differences() == []


def test_nothing_paid_is_no_first_purchase(inviter: Inviter) -> None:
    friend = inviter.friend()
    inviter.buys(friend, "A-1", 1, 0)
    inviter.keeps("A-1", 2)
    assert inviter.has == NOTHING
    assert inviter.states() == []
    inviter.buys(friend, "A-2", 3)
    assert inviter.has == Balance(REWARD, 0, 0)
    assert inviter.world.differences() == []


def test_an_older_purchase_that_turns_up_late_decides_once_it_is_decided(inviter: Inviter) -> None:
    friend = inviter.friend()
    inviter.buys(friend, "A-2", 2)
    inviter.keeps("A-2", 3)
    inviter.buys(friend, "A-1", 1)
    assert inviter.has == Balance(0, REWARD, 0)
    assert inviter.world.differences() == []
    inviter.gives_back("A-1", 4)
    assert inviter.has == NOTHING
    assert inviter.world.differences() == []


def test_a_purchase_that_was_somebody_elses_after_all(inviter: Inviter) -> None:
    friend, other = inviter.friend(), inviter.friend()
    world, shop = inviter.world, inviter.shop
    inviter.buys(friend, "A-1", 1)
    click = world.click(other, shop, day(0))
    world.tell(shop, updated("A-1", click, 1000, at=day(2)))
    assert inviter.states() == ["none", "pending"]
    assert inviter.has == Balance(REWARD, 0, 0)
    assert world.differences() == []


@pytest.mark.parametrize("policy", OnHoldEnd)
def test_it_shares_the_end_of_the_hold(world: World, policy: OnHoldEnd) -> None:
    inviter = Inviter(world, world.shop(on_hold_end=policy))
    inviter.buys(inviter.friend(), "A-1", 0)
    world.end_holds(day(30))
    assert (
        inviter.has
        == {
            OnHoldEnd.CONFIRM: Balance(0, REWARD, 0),
            OnHoldEnd.REJECT: NOTHING,
            OnHoldEnd.WAIT_FOR_STAFF: Balance(REWARD, 0, 0),
        }[policy]
    )
    assert world.differences() == []


def test_beyond_the_ceiling_they_wait_and_come_in_by_the_order_of_their_purchases(
    inviter: Inviter,
) -> None:
    friends = inviter.friends(8)
    for place, friend in enumerate(friends):
        inviter.buys(friend, f"A-{place}", 10 - place)
        inviter.keeps(f"A-{place}", 11)
    assert inviter.has == Balance(0, 5 * REWARD, 0)
    assert inviter.states() == ["confirmed"] * 5 + ["over_ceiling"] * 3
    inviter.gives_back("A-0", 12)
    assert inviter.has == Balance(0, 5 * REWARD, 0)
    assert inviter.states() == ["rejected", *["confirmed"] * 4, *["over_ceiling"] * 2, "confirmed"]
    inviter.gives_back("A-6", 13)
    inviter.gives_back("A-1", 14)
    assert inviter.states(friends[5:]) == ["confirmed", "rejected", "confirmed"]
    assert inviter.has == Balance(0, 5 * REWARD, 0)
    assert inviter.world.differences() == []


def test_a_pending_one_holds_its_place(inviter: Inviter) -> None:
    friends = inviter.friends(6)
    for place, friend in enumerate(friends):
        inviter.buys(friend, f"A-{place}", 1)
    inviter.keeps("A-5", 2)
    assert inviter.states() == [*["pending"] * 5, "over_ceiling"]
    inviter.gives_back("A-0", 3)
    assert inviter.states() == ["rejected", *["pending"] * 4, "confirmed"]
    assert inviter.has == Balance(4 * REWARD, REWARD, 0)
    assert inviter.world.differences() == []


def test_the_ceiling_is_never_passed_within_one_unit_of_work(inviter: Inviter) -> None:
    """Eight friends buy in one chunk. In the next all are kept but one, which had a place: it
    leaves before another takes it, whichever purchase is looked at first."""
    world, shop = inviter.world, inviter.shop
    friends = inviter.friends(8)
    clicks = world.clicks(friends, shop, day(0))
    for place, click in enumerate(clicks):
        world.post(shop, created(f"A-{place + 1}", click, 1000, at=day(2 - place / 10)))
    world.work()
    assert inviter.has == Balance(5 * REWARD, 0, 0)
    for place in range(8):
        world.post(shop, confirmed(f"A-{place + 1}", at=day(3)))
    world.post(shop, cancelled("A-8", at=day(3)))
    world.work()
    assert inviter.has == Balance(0, 5 * REWARD, 0)
    assert highest(world, inviter.member) == 5 * REWARD
    assert world.differences() == []


def test_whoever_was_a_member_before_brings_no_reward_and_has_no_bonus(inviter: Inviter) -> None:
    world = inviter.world
    (member,) = newcomers(world, 1, email="anna@example.org")
    world.change("UPDATE members SET closed_at = :at WHERE id = :id", at=day(-3), id=member)
    (again,) = newcomers(world, 1, inviter.member, email="Anna@example.org")
    inviter.buys(again, "A-1", 1)
    inviter.keeps("A-1", 2)
    assert inviter.has == NOTHING
    assert world.balance(again) == Balance(0, rubles(100), 0)
    assert world.differences() == []


def test_an_inviter_who_left_has_what_was_bought_before_and_no_more(inviter: Inviter) -> None:
    early, late = inviter.friends(2)
    world = inviter.world
    inviter.buys(early, "A-1", 1)
    world.change("UPDATE members SET closed_at = :at WHERE id = :id", at=day(2), id=inviter.member)
    inviter.buys(late, "A-2", 3)
    inviter.keeps("A-1", 4)
    inviter.keeps("A-2", 4)
    assert inviter.states() == ["confirmed", "rejected"]
    assert inviter.has == Balance(0, REWARD, 0)
    assert world.differences() == []


def test_friends_of_friends_bring_their_own_inviters_something(inviter: Inviter) -> None:
    friend = inviter.friend()
    (third,) = newcomers(inviter.world, 1, friend)
    inviter.buys(third, "A-1", 1)
    inviter.keeps("A-1", 2)
    assert inviter.has == NOTHING
    assert inviter.world.balance(friend) == Balance(0, REWARD, 0)
    assert inviter.world.differences() == []


def test_the_amount_is_that_of_the_day_and_the_ceiling_of_now(inviter: Inviter) -> None:
    world = inviter.world
    first, second, third = inviter.friends(3)
    inviter.buys(first, "A-1", 1)
    world.programme = Programme(BONUS, referral_reward=rubles(300), referral_ceiling=rubles(600))
    inviter.buys(second, "A-2", 2)
    inviter.buys(third, "A-3", 3)
    assert inviter.states() == ["pending", "pending", "over_ceiling"]
    assert inviter.has.pending == REWARD + rubles(300)
    world.programme = Programme(BONUS, referral_reward=rubles(300), referral_ceiling=rubles(100))
    inviter.gives_back("A-2", 4)
    assert inviter.has.pending == REWARD
    world.programme = Programme(BONUS, referral_reward=0, referral_ceiling=0)
    fourth = inviter.friend()
    inviter.buys(fourth, "A-4", 5)
    inviter.keeps("A-4", 6)
    assert inviter.has.pending == REWARD
    assert world.differences() == []


def test_what_takes_a_reward_back_names_what_it_corrects(inviter: Inviter) -> None:
    friend = inviter.friend()
    inviter.buys(friend, "A-1", 1)
    inviter.keeps("A-1", 2)
    inviter.gives_back("A-1", 3)
    other = inviter.friend()
    inviter.buys(other, "A-2", 4)
    inviter.gives_back("A-2", 5)
    found = inviter.world.query(
        "SELECT theirs.kind, named.kind AS corrected FROM ledger_transactions AS theirs"
        " JOIN ledger_transactions AS named ON named.reference = theirs.corrects"
        " WHERE theirs.kind LIKE 'reward_%' ORDER BY theirs.id"
    )
    assert [(row.kind, row.corrected) for row in found] == [
        ("reward_clawed_back", "reward_confirmed"),
        ("reward_rejected", "reward_tracked"),
    ]
    assert inviter.world.differences() == []


def test_the_inviter_is_told_of_each_once(inviter: Inviter) -> None:
    world = inviter.world
    world.change(
        'UPDATE members SET choices = \'{"cashback": "sms"}\' WHERE id = :id', id=inviter.member
    )
    inviter.buys(inviter.friend(), "A-1", 1)
    inviter.keeps("A-1", 2)
    rows = world.query(
        "SELECT kind, payload FROM notifications WHERE member_id = :id AND kind LIKE 'reward_%'"
        " ORDER BY id",
        id=inviter.member,
    )
    assert [(row.kind, row.payload) for row in rows] == [
        ("reward_tracked", {"amount": REWARD}),
        ("reward_confirmed", {"amount": REWARD}),
    ]
