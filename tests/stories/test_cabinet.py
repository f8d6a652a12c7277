"""A member's cabinet over the life of a purchase: expected, available, paid, taken back."""

from typing import Any

from tests.cabinets import adds_up, ask, whole
from tests.stories.months import FIRST
from tests.stories.operators import Operator, work
from tests.world import Shop, World, cancelled, confirmed, created, day, returned
from tracker.clicks.rules import OnHoldEnd
from tracker.settlement.ports import Outcome


def short(lines: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(line["kind"], line["status"], line["amount"]) for line in lines]


def test_from_the_click_to_the_phone_and_back(world: World) -> None:
    shop, member = world.shop(), world.member()
    cabinet = world.signed_in(member)
    assert whole(cabinet) == []
    click = world.click(member, shop, day(0))
    world.tell(shop, created("1", click, 1_000, 333.33, at=day(1)))
    pending, bonus = adds_up(world, member, cabinet)
    assert (pending["status"], pending["amount"]) == ("pending", "133.33")
    assert pending["shop"] == {"slug": "shop", "name": "Shop"}
    assert pending["expected_at"] == "2011-01-01T00:00:00+03:00"
    assert pending["waits_for"] == "hold"
    assert (bonus["kind"], bonus["amount"]) == ("welcome_bonus", "200.00")
    assert bonus["expected_at"] == pending["expected_at"]

    world.tell(shop, returned("1", "R", {"2": 333.33}, at=day(2)))
    assert short(adds_up(world, member, cabinet)) == [
        ("purchase", "pending", "100.00"),
        ("purchase", "rejected", "33.33"),
        ("welcome_bonus", "pending", "200.00"),
    ]
    world.end_holds(day(31))
    assert short(adds_up(world, member, cabinet)) == [
        ("purchase", "accrued", "100.00"),
        ("purchase", "rejected", "33.33"),
        ("welcome_bonus", "accrued", "200.00"),
    ]
    world.settle("2011-01", FIRST)
    paid, *_ = adds_up(world, member, cabinet)
    assert (paid["kind"], paid["status"], paid["amount"]) == ("payment", "written_off", "300.00")
    assert (paid["at"], paid["period"]) == ("2011-01-01T00:00:00+03:00", "2011-01")

    world.tell(shop, cancelled("1", at=day(40)))
    lines = adds_up(world, member, cabinet)
    assert short(lines) == [
        ("payment", "written_off", "300.00"),
        ("purchase", "rejected", "133.33"),
    ]
    assert lines[1]["taken_back"]
    balance = ask(cabinet, "balance")
    assert (balance["available"], balance["debt"]) == ("0.00", "300.00")
    assert balance["next_payment"]["amount"] == "0.00"
    assert world.differences() == []


def test_a_payment_on_its_way_is_no_line_and_is_not_lost(world: World) -> None:
    shop, member = world.shop(), world.member()
    cabinet, operator = world.signed_in(member), Operator()
    world.tell(shop, created("1", world.click(member, shop), 1_000, at=day(1)))
    world.tell(shop, confirmed("1", at=day(2)))
    operator.says = Outcome.UNKNOWN
    world.settle("2011-01", FIRST, operator)
    assert [line["kind"] for line in adds_up(world, member, cabinet)] == [
        "purchase",
        "welcome_bonus",
    ]
    balance = ask(cabinet, "balance")
    assert (balance["available"], balance["in_flight"]) == ("0.00", "300.00")
    payout = world.query("SELECT id FROM payouts")[0].id
    told = ask(cabinet, f"history/w{payout}")
    assert told["payment"]["state"] == "on_its_way"
    assert told["lines"] == []


def test_a_payment_that_failed_is_no_line(world: World) -> None:
    shop, member = world.shop(), world.member()
    cabinet, operator = world.signed_in(member), Operator()
    world.tell(shop, created("1", world.click(member, shop), 1_000, at=day(1)))
    world.tell(shop, confirmed("1", at=day(2)))
    operator.says, operator.acts = Outcome.FAILED, False
    world.settle("2011-01", FIRST, operator)
    work(world, operator)
    assert "written_off" not in [line["status"] for line in adds_up(world, member, cabinet)]
    payout = world.query("SELECT id FROM payouts")[0].id
    assert ask(cabinet, f"history/w{payout}")["payment"]["state"] == "returned"
    assert ask(cabinet, "balance")["next_payment"]["amount"] == "300.00"


def test_what_awaits_staff_has_no_date(world: World) -> None:
    shop = world.shop(on_hold_end=OnHoldEnd.WAIT_FOR_STAFF, hold_days=5)
    member = world.member()
    cabinet = world.signed_in(member)
    world.tell(shop, created("1", world.click(member, shop), 1_000, at=day(1)))
    world.end_holds(day(6))
    for line in adds_up(world, member, cabinet):
        assert (line["status"], line["waits_for"], line["expected_at"]) == (
            "pending",
            "review",
            None,
        )
    world.decide(shop, "1", OnHoldEnd.REJECT, day(7))
    (line,) = adds_up(world, member, cabinet)
    assert (line["status"], line["reason"], line["taken_back"]) == ("rejected", "declined", False)


def test_silence_that_means_no_is_told(world: World) -> None:
    shop = world.shop(on_hold_end=OnHoldEnd.REJECT, hold_days=5)
    member = world.member()
    cabinet = world.signed_in(member)
    world.tell(shop, created("1", world.click(member, shop), 1_000, at=day(1)))
    world.end_holds(day(6))
    (line,) = adds_up(world, member, cabinet)
    assert (line["status"], line["reason"]) == ("rejected", "not_confirmed")


def test_money_that_went_to_another_member_leaves_a_debt(world: World) -> None:
    """The shop names another member's click after the money was paid out."""
    shop, one, other = world.shop(), world.member(), world.member()
    first, second = world.signed_in(one), world.signed_in(other)
    clicks = world.click(one, shop), world.click(other, shop)
    world.tell(shop, created("1", clicks[0], 1_000, at=day(1)))
    world.tell(shop, confirmed("1", at=day(2)))
    world.settle("2011-01", FIRST)
    world.tell(shop, created("1", clicks[1], 1_000, at=day(40), kind="updated", ordered_at=day(1)))
    (paid,) = adds_up(world, one, first)
    assert paid["kind"] == "payment"
    assert ask(first, "balance")["debt"] == "300.00"
    lines = adds_up(world, other, second)
    assert [line["taken_back"] for line in lines] == [False] * len(lines)


def bring_a_friend(world: World, shop: Shop) -> tuple[int, int]:
    inviter, friend = world.members(2)
    world.change(
        "UPDATE members SET referrer_id = :inviter WHERE id = :friend",
        inviter=inviter,
        friend=friend,
    )
    world.tell(shop, created("theirs", world.click(friend, shop), 1_000, at=day(1)))
    return inviter, friend


def test_a_reward_tells_nothing_of_the_friend(world: World) -> None:
    shop = world.shop()
    inviter, friend = bring_a_friend(world, shop)
    cabinet = world.signed_in(inviter)
    (line,) = adds_up(world, inviter, cabinet)
    assert (line["kind"], line["status"], line["amount"]) == (
        "referral_reward",
        "pending",
        "200.00",
    )
    assert line["expected_at"] == "2011-01-01T00:00:00+03:00"
    told = ask(cabinet, f"history/{line['id']}")
    assert told["purchase"] is None
    assert (line["shop"], line["order_id"]) == (None, None)
    world.tell(shop, confirmed("theirs", at=day(3)))
    (line,) = adds_up(world, inviter, cabinet)
    assert line["status"] == "accrued"
    world.tell(shop, cancelled("theirs", at=day(4)))
    (line,) = adds_up(world, inviter, cabinet)
    assert (line["status"], line["reason"]) == ("rejected", "friends_purchase")
    assert line["taken_back"]
    everything = str(ask(cabinet, f"history/{line['id']}")) + str(line)
    assert "theirs" not in everything
    assert world.phone(friend) not in everything
    assert world.differences() == []
