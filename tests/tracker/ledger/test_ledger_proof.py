"""The proof finds what is wrong: each of these books balances, and each of them lies."""

import json
from collections.abc import Iterator

import pytest

from tests.world import BONUS, Shop, World, confirmed, created, day, rubles
from tracker.kit.database import unit_of_work
from tracker.ledger.rules import Account, Kind, Leg, Posting
from tracker.ledger.service import post

AMOUNT = rubles(100)


@pytest.fixture
def books(world: World) -> Iterator[World]:
    """Member 1 has a confirmed purchase that was paid out and a pending one, member 2 a pending
    one; all is well."""
    shop = world.shop(cashback=1000)
    one, other = world.members(2)
    world.tell(shop, created("A", world.click(one, shop), 1000, at=day(0)))
    world.tell(shop, created("B", world.click(one, shop), 1000, at=day(2)))
    world.tell(shop, created("C", world.click(other, shop), 1000, at=day(3)))
    world.tell(shop, confirmed("A", at=day(4)))
    world.settle("2011-01", day(31))
    assert world.differences() == []
    yield world
    assert world.differences() != []


def lie(world: World, reference: str, kind: Kind, *legs: Leg) -> None:
    """Post legs that balance and mean nothing good."""
    with unit_of_work(world.tools.engine) as session:
        post(session, [Posting(reference, kind, day(4), legs)])


def moved(debit: Account, debtor: int, credit: Account, creditor: int) -> tuple[Leg, Leg]:
    """100.00 from one account to another."""
    return Leg(debit, debtor, AMOUNT), Leg(credit, creditor, -AMOUNT)


def found(world: World) -> set[str]:
    """What the proof finds fault with."""
    return {one.what for one in world.differences()}


def test_money_of_one_member_under_the_purchase_of_another(books: World) -> None:
    pending = Account.MEMBER_PENDING
    lie(books, "purchase:2:rejected:9", Kind.REJECTED, *moved(pending, 1, pending, 2))
    assert found(books) == {"purchase 2 member_pending"}


def test_a_shops_debt_under_the_purchase_of_another(books: World) -> None:
    receivable = Account.SHOP_RECEIVABLE
    lie(books, "purchase:1:confirmed:9", Kind.CONFIRMED, *moved(receivable, 9, receivable, 1))
    assert found(books) == {"purchase 1 shop_receivable"}


def test_a_gift_that_names_no_purchase(books: World) -> None:
    gift = moved(Account.MARGIN, 0, Account.MEMBER_AVAILABLE, 2)
    lie(books, "gift", Kind.CONFIRMED, *gift)
    assert found(books) == {"gift  margin", "gift  member_available"}


def test_a_gift_in_the_name_of_a_purchase_that_is_not_there(books: World) -> None:
    gift = moved(Account.MARGIN, 0, Account.MEMBER_AVAILABLE, 2)
    lie(books, "purchase:77:confirmed:1", Kind.CONFIRMED, *gift)
    assert found(books) == {"purchase 77 margin", "purchase 77 member_available"}


@pytest.mark.parametrize("kind", [Kind.GOAL_RESERVED, Kind.SHOP_PAID, Kind.PAYOUT_FAILED])
def test_money_between_accounts_that_its_kind_does_not_move(books: World, kind: Kind) -> None:
    lie(books, "odd:1", kind, *moved(Account.MARGIN, 0, Account.OWED_TO_SALONS, 0))
    assert {f"{kind} on margin", f"{kind} on owed_to_salons"} <= found(books)


def test_a_bonus_beside_the_one_and_only(books: World) -> None:
    gift = moved(Account.MARKETING_EXPENSE, 0, Account.MEMBER_AVAILABLE, 2)
    lie(books, "bonus:welcome:2:bonus_confirmed:9", Kind.BONUS_CONFIRMED, *gift)
    assert found(books) == {"bonus of member 2", "bonus_confirmed on marketing_expense"}


def test_a_bonus_at_the_cost_of_another_account(books: World) -> None:
    pocketed = moved(Account.MARGIN, 0, Account.MARKETING_EXPENSE, 0)
    lie(books, "bonus:welcome:2:bonus_confirmed:9", Kind.BONUS_CONFIRMED, *pocketed)
    assert found(books) == {
        "bonus of member 0",
        "bonus_confirmed on margin",
        "bonus_confirmed on marketing_expense",
    }


def test_a_bonus_that_a_member_ought_to_have(books: World) -> None:
    back = (
        Leg(Account.MEMBER_PENDING, 2, BONUS),
        Leg(Account.MARKETING_EXPENSE, 0, -BONUS),
    )
    lie(books, "bonus:welcome:2:bonus_rejected:9", Kind.BONUS_REJECTED, *back)
    books.change("UPDATE welcome_bonuses SET purchase_id = NULL WHERE member_id = 2")
    assert found(books) == {"bonus of member 2"}


def test_a_bonus_on_the_purchase_of_another(books: World) -> None:
    books.change("UPDATE welcome_bonuses SET purchase_id = 2 WHERE member_id = 2")
    assert found(books) == {"bonus of member 2"}


def test_a_payout_with_the_money_of_another(books: World) -> None:
    gift = moved(Account.MARGIN, 0, Account.MEMBER_AVAILABLE, 2)
    lie(books, "purchase:3:confirmed:9", Kind.CONFIRMED, *gift)
    available = Account.MEMBER_AVAILABLE
    lie(books, "payout:1:payout_failed", Kind.PAYOUT_FAILED, *moved(available, 2, available, 1))
    assert "payout 1 member_available" in found(books)


def test_a_payout_said_to_be_paid(books: World) -> None:
    books.change("UPDATE payouts SET state = 'failed'")
    assert found(books) == {"payout 1 member_available", "payout 1 owed_to_operator"}


def test_a_payout_of_another_sum(books: World) -> None:
    books.change_as_owner("UPDATE payouts SET amount = amount + 1")
    assert "settlement 2011-01" in found(books)


def test_a_payout_to_another_number(books: World) -> None:
    books.change_as_owner("UPDATE payouts SET number_id = (SELECT max(id) FROM numbers)")
    assert found(books) == {"settlement 2011-01"}


def test_a_purchase_that_says_more_than_its_entries(books: World) -> None:
    books.change("UPDATE purchases SET pending_cashback = pending_cashback + 1 WHERE id = 2")
    assert "purchase 2 member_pending" in found(books)


def test_a_purchase_that_its_facts_do_not_bear_out(books: World) -> None:
    books.change("UPDATE purchases SET confirmed_by_shop_at = now() WHERE id = 2")
    assert found(books) == {"purchase 2 by its facts"}


def test_a_balance_that_is_not_the_sum_of_its_entries(books: World) -> None:
    books.change_as_owner("UPDATE member_balances SET available = available + 1")
    assert found(books) == {
        "member 1 member_available",
        "member 2 member_available",
        "reports: liability closing",
    }


@pytest.mark.parametrize(
    ("event", "missing"),
    [
        (created("D", None, 100), "PurchaseStated of order 'D', shop 1"),
        (confirmed("D", at=day(4)), "PurchaseConfirmed of order 'D', shop 1"),
        (confirmed("B", at=day(4)), "PurchaseConfirmed of order 'B', shop 1"),
    ],
)
def test_an_event_said_to_be_handled(books: World, event: dict[str, object], missing: str) -> None:
    books.store(Shop(1, "shop", b""), {"x": json.dumps(event).encode()})
    books.change("UPDATE inbox_events SET state = 'done' WHERE webhook_id = 'x'")
    assert found(books) == {missing}
