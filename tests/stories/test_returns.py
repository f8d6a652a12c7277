"""Returns: in full, in part, again, too much, too early, too late."""

import pytest

from tests.world import BONUS, Shop, World, cancelled, confirmed, created, day, returned, rubles
from tracker.ledger.service import Balance

NOTHING = Balance(0, 0, 0)


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that promises ten percent."""
    return world.shop(cashback=1000)


@pytest.fixture
def member(world: World, shop: Shop) -> int:
    """A member with order A-1 of 1000.00 and 500.00, pending."""
    member = world.member()
    world.tell(shop, created("A-1", world.click(member, shop), 1000, 500, at=day(1)))
    return member


def kinds(world: World) -> dict[str, int]:
    """Kopecks of the members' cashback by kind of movement, without the bonus."""
    rows = world.query("""
        SELECT kind, sum(abs(amount)) AS moved
        FROM ledger_transactions JOIN ledger_entries ON transaction_id = id
        WHERE account = CASE WHEN kind = 'clawed_back' THEN 'member_available'
                             ELSE 'member_pending' END
        GROUP BY kind
    """)
    return {row.kind: int(row.moved) for row in rows if not row.kind.startswith("bonus")}


def parked(world: World) -> list[str]:
    rows = world.query("SELECT parked_reason FROM inbox_events WHERE state = 'parked' ORDER BY id")
    return [row.parked_reason for row in rows]


def test_returned_in_full_is_rejected(world: World, shop: Shop, member: int) -> None:
    world.tell(shop, returned("A-1", "R-1", at=day(2)))
    assert world.balance(member) == NOTHING
    assert kinds(world) == {"tracked": rubles(150), "rejected": rubles(150)}
    assert world.differences() == []


def test_all_lines_returned_is_returned_in_full(world: World, shop: Shop, member: int) -> None:
    world.tell(shop, returned("A-1", "R-1", {"1": 1000, "2": 500}, at=day(2)))
    assert world.balance(member) == NOTHING
    world.end_holds(day(60))
    assert world.balance(member) == NOTHING
    assert world.differences() == []


def test_a_cancellation_is_a_return_in_full(world: World, shop: Shop, member: int) -> None:
    world.tell(shop, cancelled("A-1", at=day(2)))
    world.tell(shop, cancelled("A-1", at=day(3), reason="told again"))
    assert world.balance(member) == NOTHING
    assert parked(world) == []
    assert world.differences() == []


def test_a_cancellation_after_a_partial_return_takes_the_rest(
    world: World, shop: Shop, member: int
) -> None:
    world.tell(shop, returned("A-1", "R-1", {"2": 500}, at=day(2)))
    world.tell(shop, cancelled("A-1", at=day(3)))
    assert world.balance(member) == NOTHING
    assert kinds(world) == {"tracked": rubles(150), "rejected": rubles(150)}
    assert world.differences() == []


def test_a_return_in_two_parts(world: World, shop: Shop, member: int) -> None:
    world.tell(shop, returned("A-1", "R-1", {"1": 300}, at=day(2)))
    assert world.balance(member).pending == rubles(120) + BONUS
    world.tell(shop, returned("A-1", "R-2", {"1": 700}, at=day(3)))
    assert world.balance(member).pending == rubles(50) + BONUS
    world.end_holds(day(31))
    assert world.balance(member).available == rubles(50) + BONUS
    assert world.differences() == []


def test_what_is_left_is_rounded_anew(world: World, shop: Shop) -> None:
    member = world.member()
    world.tell(shop, created("B-1", world.click(member, shop), 1.05, at=day(1)))
    assert world.balance(member).pending == 11 + BONUS
    world.tell(shop, returned("B-1", "R-1", {"1": 0.01}, at=day(2)))
    assert world.balance(member).pending == 10 + BONUS
    world.tell(shop, returned("B-1", "R-2", {"1": 1.03}, at=day(3)))
    assert world.balance(member).pending == BONUS
    world.tell(shop, returned("B-1", "R-3", {"1": 0.01}, at=day(4)))
    assert world.balance(member) == NOTHING
    assert world.differences() == []


def test_more_than_was_bought_takes_no_more_than_was_earned(
    world: World, shop: Shop, member: int
) -> None:
    world.tell(shop, returned("A-1", "R-1", {"1": 4000}, at=day(2)))
    assert world.balance(member).pending == rubles(50) + BONUS
    world.tell(shop, returned("A-1", "R-2", {"1": 1000}, at=day(3)))
    assert world.balance(member).pending == rubles(50) + BONUS
    assert world.differences() == []


def test_a_line_that_was_never_bought_takes_nothing(world: World, shop: Shop, member: int) -> None:
    world.tell(shop, returned("A-1", "R-1", {"7": 500}, at=day(2)))
    assert world.balance(member).pending == rubles(150) + BONUS
    assert world.differences() == []


def test_the_same_return_told_twice_counts_once(world: World, shop: Shop, member: int) -> None:
    for _ in range(2):
        world.tell(shop, returned("A-1", "R-1", {"1": 300}, at=day(2)))
    world.tell(shop, returned("A-1", "R-1", {"1": 300}, at=day(5)))
    assert world.balance(member).pending == rubles(120) + BONUS
    assert parked(world) == []
    assert world.differences() == []


@pytest.mark.parametrize("lines", [{"1": 400}, {"2": 300}, {"1": 300, "2": 1}, None])
def test_another_return_under_the_same_id_is_set_aside(
    world: World, shop: Shop, member: int, lines: dict[str, float] | None
) -> None:
    world.tell(shop, returned("A-1", "R-1", {"1": 300}, at=day(2)))
    world.tell(shop, returned("A-1", "R-1", lines, at=day(2)))
    assert world.balance(member).pending == rubles(120) + BONUS
    assert parked(world) == ["return_differs"]
    assert world.differences() == []


def test_one_return_may_name_a_line_twice(world: World, shop: Shop, member: int) -> None:
    event = returned("A-1", "R-1", {"1": 300}, at=day(2))
    event["data"]["lines"] *= 2
    world.tell(shop, event)
    assert world.balance(member).pending == rubles(90) + BONUS
    assert world.differences() == []


@pytest.mark.parametrize("lines", [{"2": 500.0}, None])
def test_a_return_may_come_before_its_purchase(
    world: World, shop: Shop, lines: dict[str, float] | None
) -> None:
    member = world.member()
    world.tell(shop, returned("B-1", "R-1", lines, at=day(2)))
    assert [row.status for row in world.query("SELECT status FROM purchases")] == ["unmatched"]
    assert world.differences() == []

    world.tell(shop, created("B-1", world.click(member, shop), 1000, 500, at=day(1)))
    left = 0 if lines is None else rubles(100)
    assert world.balance(member).pending == (left + BONUS if left else 0)
    assert kinds(world) == {"tracked": rubles(150), "rejected": rubles(150) - left}
    assert world.differences() == []


def test_a_return_after_the_confirmation_is_clawed_back(
    world: World, shop: Shop, member: int
) -> None:
    world.tell(shop, confirmed("A-1", at=day(2)))
    world.tell(shop, returned("A-1", "R-1", {"2": 500}, at=day(3)))
    assert world.balance(member).available == rubles(100) + BONUS
    (clawback,) = world.query("SELECT * FROM ledger_transactions WHERE kind = 'clawed_back'")
    assert clawback.corrects == "purchase:1:confirmed:2"
    assert clawback.effective_at == day(3)

    world.tell(shop, returned("A-1", "R-2", at=day(4)))
    assert world.balance(member) == NOTHING
    assert world.differences() == []


def test_a_return_after_the_payout_is_a_debt_that_later_cashback_pays_off(
    world: World, shop: Shop, member: int
) -> None:
    world.tell(shop, confirmed("A-1", at=day(2)))
    world.settle("2011-01", day(31))
    world.tell(shop, returned("A-1", "R-1", at=day(32)))
    assert world.balance(member).available == -rubles(150) - BONUS

    later = created("A-2", world.click(member, shop, day(33)), 1000, at=day(33))
    world.tell(shop, later)
    world.tell(shop, confirmed("A-2", at=day(34)))
    assert world.balance(member).available == -rubles(150) + rubles(100)
    world.settle("2011-02", day(62))
    assert len(world.billing.paid) == 1

    world.tell(shop, created("A-3", world.click(member, shop, day(63)), 700, at=day(63)))
    world.tell(shop, confirmed("A-3", at=day(64)))
    world.settle("2011-03", day(90))
    assert [one.amount for one in world.billing.paid.values()] == [rubles(150) + BONUS, rubles(20)]
    assert world.balance(member) == NOTHING
    assert world.differences() == []


def test_the_shop_owes_no_commission_on_what_came_back(
    world: World, shop: Shop, member: int
) -> None:
    world.tell(shop, confirmed("A-1", at=day(2)))
    world.tell(shop, returned("A-1", "R-1", {"2": 500}, at=day(3)))
    owed = "SELECT sum(amount) AS owed FROM ledger_entries WHERE account = :account"
    assert world.query(owed, account="shop_receivable")[0].owed == rubles(120)
    assert world.query(owed, account="shop_pending_commission")[0].owed == 0
    assert world.query(owed, account="margin")[0].owed == -rubles(20)
    assert world.query(owed, account="pending_margin")[0].owed == 0
    assert world.differences() == []
