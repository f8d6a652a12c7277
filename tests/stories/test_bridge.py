"""The bridge from last month's list, and whose sum differs most: what is read before approving."""

from datetime import timedelta

import pytest

from tests.stories.months import FIRST, earns, started
from tests.stories.operators import Operator, work
from tests.world import Shop, World, created, day, rubles
from tracker.kit.database import unit_of_work
from tracker.members.rules import normal_phone
from tracker.purchases.service import Programme
from tracker.relatives.service import Wish, add, confirm
from tracker.settlement.lists.changes import Change, Picture, picture
from tracker.settlement.lists.preparing import prepare_once
from tracker.settlement.ports import Outcome
from tracker.settlement.queries import Tally

FEBRUARY = day(62)


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that promises ten percent; and no welcome bonus, so that sums are seen through."""
    world.programme = Programme(welcome_bonus=0)
    return world.shop(cashback=1000)


def seen(world: World, period: str) -> Picture:
    with unit_of_work(world.tools.engine) as session:
        return picture(session, period)


def told(world: World, period: str) -> dict[str, tuple[int, int]]:
    """The steps that say something: how many, and kopecks."""
    lines = seen(world, period).bridge.lines
    return {line.step: (line.count, line.amount) for line in lines if line.count or line.amount}


def test_the_first_list_comes_from_nothing(world: World, shop: Shop) -> None:
    one, other = world.members(2)
    earns(world, shop, one, 10)
    earns(world, shop, other, 20)
    world.prepare("2011-01", FIRST)
    assert seen(world, "2011-01").bridge.previous is None
    assert told(world, "2011-01") == {
        "confirmed": (2, 3_000),
        "available_now": (2, 3_000),
        "total": (2, 3_000),
    }
    assert world.differences() == []


def test_what_was_sent_what_came_back_and_what_is_new(world: World, shop: Shop) -> None:
    one, other = world.members(2)
    earns(world, shop, one, 10)
    earns(world, shop, other, 20)
    started(world)
    work(world, Operator(says=Outcome.FAILED, acts=False))
    earns(world, shop, one, 5, on=20)
    world.prepare("2011-02", FEBRUARY)
    assert seen(world, "2011-02").bridge.previous == "2011-01"
    assert told(world, "2011-02") == {
        "available_before": (2, 3_000),
        "payout_submitted": (2, -3_000),
        "payout_failed": (2, 3_000),
        "confirmed": (1, 500),
        "available_now": (2, 3_500),
        "total": (2, 3_500),
    }
    assert world.differences() == []


def test_a_clawback_becomes_a_debt_that_takes_nothing_from_others(world: World, shop: Shop) -> None:
    one, other = world.members(2)
    earns(world, shop, one, 10)
    started(world)
    work(world, Operator())
    order = world.query("SELECT order_id FROM purchases")[0].order_id
    world.tell(shop, created(order, None, 100, at=day(41), kind="updated"))
    earns(world, shop, other, 20, on=22)
    world.prepare("2011-02", FEBRUARY)
    steps = told(world, "2011-02")
    assert steps["clawed_back"] == (1, -1_000)
    assert steps["available_now"] == (2, 1_000)
    assert steps["debts"] == (1, 1_000)
    assert steps["total"] == (1, 2_000)
    assert world.differences() == []


def test_each_member_who_is_not_paid_all_is_counted_once(world: World, shop: Shop) -> None:
    capped, poor, off, closed, late, nobody, giver = world.members(7)
    for member in (off, closed, nobody):
        earns(world, shop, member, 10)
    earns(world, shop, capped, 100)
    earns(world, shop, poor, 0.99)
    earns(world, shop, giver, 10)
    earns(world, shop, late, 7)
    world.change("UPDATE members SET auto_payment = false WHERE id = :id", id=off)
    world.change("UPDATE members SET closed_at = now() WHERE id = :id", id=closed)
    world.change("UPDATE members SET joined_at = :at WHERE id = :id", id=late, at=day(31.5))
    world.change(
        "UPDATE numbers SET ended_at = now(), end_reason = 'changed' WHERE member_id = ANY (:ids)",
        ids=[nobody],
    )
    with unit_of_work(world.tools.engine) as session:
        phone = normal_phone("+79000000091")
        made = add(session, world.tools.settings.keys, giver, phone, Wish(None, 500, "gran"))
        confirm(session, made.number_id, day(1))
    prepare_once(world.tools.engine, "2011-01", FIRST, minimum=100, cap=rubles(50))
    assert told(world, "2011-01") == {
        "confirmed": (7, 14_799),
        "available_now": (7, 14_799),
        "closed": (1, -1_000),
        "auto_payment_off": (1, -1_000),
        "joined_later": (1, -700),
        "below_minimum": (1, -99),
        "no_number": (1, -1_000),
        "above_cap": (1, -5_000),
        "total": (2, 6_000),
    }
    assert world.differences() == []


def test_what_no_payment_to_relatives_carries_is_told(world: World, shop: Shop) -> None:
    giver = world.member()
    earns(world, shop, giver, 10)
    with unit_of_work(world.tools.engine) as session:
        phone = normal_phone("+79000000091")
        made = add(session, world.tools.settings.keys, giver, phone, Wish(950, None, "gran"))
        confirm(session, made.number_id, day(1))
    world.prepare("2011-01", FIRST)
    steps = told(world, "2011-01")
    assert (steps["left_by_relatives"], steps["total"]) == ((1, -50), (1, 950))
    assert world.differences() == []


def test_a_list_prepared_soon_after_another_sees_no_booking_twice(world: World, shop: Shop) -> None:
    one = world.member()
    for month in range(1, 5):
        earns(world, shop, one, 10, on=month)
        world.prepare(f"2011-{month:02d}", FIRST + timedelta(days=31 * month))
        assert told(world, f"2011-{month:02d}")["available_now"] == (1, 1_000 * month)
    assert told(world, "2011-04")["confirmed"] == (1, 1_000)
    (booked,) = world.query("SELECT * FROM settlement_booked_sums WHERE period = '2011-04'")
    assert (booked.count, booked.amount) == (4, 4_000)
    assert (booked.settled_count, booked.settled_amount) == (4, 4_000)
    assert world.differences() == []


def test_numbers_of_transactions_of_another_database_lead_nobody_astray(
    world: World, shop: Shop
) -> None:
    """A dump is restored where transactions are numbered anew: all is summed up once more."""
    one = world.member()
    earns(world, shop, one, 10)
    world.prepare("2011-01", FIRST)
    world.change_as_owner("ALTER TABLE settlement_bridges DISABLE TRIGGER USER")
    world.change_as_owner("UPDATE settlement_bridges SET settled_below = 4000000000")
    earns(world, shop, one, 5, on=20)
    world.prepare("2011-02", FEBRUARY)
    assert told(world, "2011-02")["confirmed"] == (1, 500)
    assert world.differences() == []


def test_the_proof_sees_a_bridge_that_does_not_add_up(world: World, shop: Shop) -> None:
    earns(world, shop, world.member(), 10)
    world.prepare("2011-01", FIRST)
    world.change_as_owner("ALTER TABLE settlement_bridge_lines DISABLE TRIGGER USER")
    world.change_as_owner("UPDATE settlement_bridge_lines SET amount = 7 WHERE step = 'confirmed'")
    (found,) = world.differences()
    assert (found.what, found.expected, found.found) == (
        "settlement 2011-01 available_now",
        "7",
        "1000",
    )


def test_the_proof_sees_a_copy_that_is_not_what_was_sealed(world: World, shop: Shop) -> None:
    earns(world, shop, world.member(), 10)
    world.prepare("2011-01", FIRST)
    world.change_as_owner("ALTER TABLE sealed_chunks DISABLE TRIGGER USER")
    world.change_as_owner("UPDATE sealed_chunks SET body = body || '9 9 9' || chr(10)")
    assert [one.what for one in world.differences()] == ["settlement 2011-01 as kept"]


def test_the_largest_changes_are_told_with_those_who_are_new_or_gone(
    world: World, shop: Shop
) -> None:
    risen, fallen, same, gone, new = world.members(5)
    for member, sum_ in ((risen, 10), (fallen, 30), (same, 5), (gone, 7)):
        earns(world, shop, member, sum_)
    started(world)
    work(world, Operator())
    for member, sum_ in ((risen, 25), (fallen, 10), (same, 5), (new, 40)):
        earns(world, shop, member, sum_, on=20)
    world.prepare("2011-02", FEBRUARY)
    changes = seen(world, "2011-02").changes
    assert (changes.risen, changes.fallen) == (Tally(1, 1_500), Tally(1, -2_000))
    assert (changes.joined, changes.gone) == (Tally(1, 4_000), Tally(1, -700))
    assert changes.largest == {
        "risen": (Change(risen, 1_000, 2_500),),
        "fallen": (Change(fallen, 3_000, 1_000),),
        "joined": (Change(new, 0, 4_000),),
        "gone": (Change(gone, 700, 0),),
    }


def test_only_the_largest_changes_are_told(world: World, shop: Shop) -> None:
    members = world.members(4)
    for number, member in enumerate(members):
        earns(world, shop, member, 10 + number)
    world.prepare("2011-01", FIRST)
    with unit_of_work(world.tools.engine) as session:
        joined = picture(session, "2011-01", top=2).changes
    assert joined.joined == Tally(4, 4_600)
    assert [one.member_id for one in joined.largest["joined"]] == [members[3], members[2]]
