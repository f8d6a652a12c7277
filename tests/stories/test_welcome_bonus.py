"""The welcome bonus: with the first purchase, pending with it, sharing its fate."""

import pytest

from tests.world import BONUS, Shop, World, cancelled, confirmed, created, day, rubles, updated
from tracker.clicks.rules import OnHoldEnd
from tracker.ledger.service import Balance

NOTHING = Balance(0, 0, 0)
CASHBACK = rubles(100)


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that promises ten percent."""
    return world.shop(cashback=1000)


class Buyer:
    """A member who buys for 1000.00 whenever told to."""

    def __init__(self, world: World, shop: Shop) -> None:
        self.world, self.shop, self.member = world, shop, world.member()

    def buys(self, order: str, on: float, *, shop: Shop | None = None) -> None:
        at = shop or self.shop
        click = self.world.click(self.member, at, day(on))
        self.world.tell(at, created(order, click, 1000, at=day(on)))

    def keeps(self, order: str, on: float) -> None:
        self.world.tell(self.shop, confirmed(order, at=day(on)))

    def gives_back(self, order: str, on: float) -> None:
        self.world.tell(self.shop, cancelled(order, at=day(on)))

    @property
    def has(self) -> Balance:
        return self.world.balance(self.member)


@pytest.fixture
def buyer(world: World, shop: Shop) -> Buyer:
    return Buyer(world, shop)


def test_it_comes_with_the_first_purchase_and_not_with_the_second(
    world: World, buyer: Buyer
) -> None:
    assert buyer.has == NOTHING
    buyer.buys("A-1", 1)
    assert buyer.has.pending == CASHBACK + BONUS
    buyer.buys("A-2", 2)
    assert buyer.has.pending == 2 * CASHBACK + BONUS
    assert world.differences() == []


def test_it_is_pending_as_long_as_its_purchase_is(world: World, buyer: Buyer) -> None:
    buyer.buys("A-1", 1)
    buyer.buys("A-2", 2)
    buyer.keeps("A-2", 3)
    assert buyer.has == Balance(CASHBACK + BONUS, CASHBACK, 0)
    buyer.keeps("A-1", 4)
    assert buyer.has == Balance(0, 2 * CASHBACK + BONUS, 0)
    assert world.differences() == []


def test_if_its_purchase_is_rejected_it_moves_to_the_next(world: World, buyer: Buyer) -> None:
    buyer.buys("A-1", 1)
    buyer.buys("A-2", 2)
    buyer.gives_back("A-1", 3)
    assert buyer.has == Balance(CASHBACK + BONUS, 0, 0)
    buyer.keeps("A-2", 4)
    assert buyer.has == Balance(0, CASHBACK + BONUS, 0)
    assert world.differences() == []


def test_it_moves_to_one_that_is_confirmed_already(world: World, buyer: Buyer) -> None:
    buyer.buys("A-1", 1)
    buyer.buys("A-2", 2)
    buyer.keeps("A-2", 3)
    buyer.gives_back("A-1", 4)
    assert buyer.has == Balance(0, CASHBACK + BONUS, 0)
    assert world.differences() == []


def test_with_no_purchase_left_there_is_none_until_the_next_one(world: World, buyer: Buyer) -> None:
    buyer.buys("A-1", 1)
    buyer.gives_back("A-1", 2)
    assert buyer.has == NOTHING
    buyer.buys("A-2", 3)
    assert buyer.has == Balance(CASHBACK + BONUS, 0, 0)
    assert world.differences() == []


def test_it_is_taken_back_with_a_confirmed_purchase_that_comes_back(
    world: World, buyer: Buyer
) -> None:
    buyer.buys("A-1", 1)
    buyer.keeps("A-1", 2)
    buyer.gives_back("A-1", 3)
    assert buyer.has == NOTHING
    assert world.differences() == []


def test_and_given_with_the_next_one(world: World, buyer: Buyer) -> None:
    buyer.buys("A-1", 1)
    buyer.keeps("A-1", 2)
    buyer.buys("A-2", 3)
    buyer.gives_back("A-1", 4)
    assert buyer.has == Balance(CASHBACK + BONUS, 0, 0)
    buyer.keeps("A-2", 5)
    assert buyer.has == Balance(0, CASHBACK + BONUS, 0)
    assert world.differences() == []


def test_taken_back_after_the_payout_it_is_a_debt(world: World, buyer: Buyer) -> None:
    buyer.buys("A-1", 1)
    buyer.keeps("A-1", 2)
    world.settle("2011-01", day(31))
    buyer.gives_back("A-1", 32)
    assert buyer.has == Balance(0, -CASHBACK - BONUS, 0)
    buyer.buys("A-2", 33)
    buyer.keeps("A-2", 34)
    assert buyer.has == NOTHING
    assert world.differences() == []


def test_a_first_purchase_that_is_told_of_late_is_still_the_first(
    world: World, buyer: Buyer
) -> None:
    buyer.buys("A-2", 2)
    buyer.buys("A-1", 1)
    buyer.keeps("A-2", 3)
    assert buyer.has == Balance(CASHBACK + BONUS, CASHBACK, 0)
    assert world.differences() == []


def test_what_a_member_has_already_stays_when_an_older_purchase_turns_up(
    world: World, buyer: Buyer
) -> None:
    buyer.buys("A-2", 2)
    buyer.keeps("A-2", 3)
    buyer.buys("A-1", 1)
    assert buyer.has == Balance(CASHBACK, CASHBACK + BONUS, 0)
    buyer.gives_back("A-1", 4)
    assert buyer.has == Balance(0, CASHBACK + BONUS, 0)
    assert world.differences() == []


@pytest.mark.parametrize("policy", OnHoldEnd)
def test_it_shares_the_end_of_the_hold(world: World, policy: OnHoldEnd) -> None:
    shop = world.shop(cashback=1000, on_hold_end=policy)
    buyer = Buyer(world, shop)
    buyer.buys("A-1", 0)
    world.end_holds(day(30))
    sum_ = CASHBACK + BONUS
    assert (
        buyer.has
        == {
            OnHoldEnd.CONFIRM: Balance(0, sum_, 0),
            OnHoldEnd.REJECT: NOTHING,
            OnHoldEnd.WAIT_FOR_STAFF: Balance(sum_, 0, 0),
        }[policy]
    )
    assert world.differences() == []


def test_of_two_purchases_of_one_moment_always_the_same_is_the_first(world: World) -> None:
    one, other = world.shop("one", hold_days=5), world.shop("other", hold_days=50)
    for order in ([one, other], [other, one]):
        buyer = Buyer(world, one)
        for shop in order:
            buyer.buys(f"A-{buyer.member}", 1, shop=shop)
        carrier = world.query(
            "SELECT shop_id FROM welcome_bonuses JOIN purchases ON purchases.id = purchase_id"
            " WHERE welcome_bonuses.member_id = :member",
            member=buyer.member,
        )
        assert [row.shop_id for row in carrier] == [one.id]
    assert world.differences() == []


def test_it_comes_with_a_purchase_that_earns_nothing_else(world: World) -> None:
    buyer = Buyer(world, world.shop(cashback=0))
    buyer.buys("A-1", 1)
    assert buyer.has == Balance(BONUS, 0, 0)
    assert world.differences() == []


def test_what_takes_a_bonus_back_names_what_it_corrects(world: World, shop: Shop) -> None:
    buyer = Buyer(world, shop)
    buyer.buys("A-1", on=1)
    buyer.keeps("A-1", on=2)
    buyer.gives_back("A-1", on=3)
    buyer.buys("A-2", on=4)
    buyer.gives_back("A-2", on=5)
    found = world.query(
        "SELECT theirs.kind, theirs.corrects, named.kind AS corrected FROM ledger_transactions AS"
        " theirs JOIN ledger_transactions AS named ON named.reference = theirs.corrects"
        " WHERE theirs.kind IN ('bonus_clawed_back', 'bonus_rejected') ORDER BY theirs.id"
    )
    assert [(row.kind, row.corrected) for row in found] == [
        ("bonus_clawed_back", "bonus_confirmed"),
        ("bonus_rejected", "bonus_tracked"),
    ]
    assert found[1].corrects.endswith(":4"), "the one that stands, not the one before it"
    assert world.differences() == []


def carrier(world: World, member: int) -> str | None:
    """The order that the member's bonus goes with."""
    sql = """
        SELECT order_id FROM welcome_bonuses AS bonus
        LEFT JOIN purchases ON purchases.id = bonus.purchase_id WHERE bonus.member_id = :member
    """
    found = world.query(sql, member=member)
    return found[0].order_id if found else None


def test_it_follows_a_purchase_whose_moment_alone_is_put_right(world: World, shop: Shop) -> None:
    member = world.member()
    click = world.click(member, shop, day(0))
    world.tell(shop, created("A-1", click, 1000, at=day(1)))
    world.tell(shop, created("A-2", click, 1000, at=day(2)))
    assert carrier(world, member) == "A-1"
    later = created("A-1", click, 1000, at=day(4), kind="updated", ordered_at=day(3))
    world.tell(shop, later)
    assert carrier(world, member) == "A-2"
    assert world.balance(member).pending == 2 * CASHBACK + BONUS
    assert world.differences() == []


def test_nothing_paid_is_no_first_purchase(world: World, shop: Shop) -> None:
    member = world.member()
    click = world.click(member, shop, day(0))
    world.tell(shop, created("A-1", click, 0, at=day(1)))
    world.tell(shop, confirmed("A-1", at=day(2)))
    assert world.balance(member) == NOTHING
    assert world.differences() == []
    world.tell(shop, created("A-2", click, 1000, at=day(3)))
    assert carrier(world, member) == "A-2"
    assert world.differences() == []


def test_a_purchase_put_right_to_nothing_or_from_nothing(world: World, shop: Shop) -> None:
    """Also when the sum is too small to earn a kopeck, so that nothing else changes."""
    member = world.member()
    click = world.click(member, shop, day(0))
    world.tell(shop, created("A-1", click, 0.01, at=day(1)))
    assert world.balance(member).pending == BONUS
    world.tell(shop, updated("A-1", click, 0, at=day(2)))
    assert world.balance(member) == NOTHING
    assert world.differences() == []
    world.tell(shop, updated("A-1", click, 0.01, at=day(3)))
    assert world.balance(member).pending == BONUS
    assert world.differences() == []
