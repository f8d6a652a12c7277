"""What each report says of a small past, by hand; and that the books of a month stay."""

from datetime import date
from typing import Any

from tests.stories.months import earns
from tests.tracker.reports.asking import Auditor, lines, totals
from tests.tracker.reports.pasts import is_recorded_long_ago, lives_through_a_winter, sums_up
from tests.world import BONUS, World, cancelled, confirmed, created, day, returned, updated


def only(found: list[dict[str, Any]], **match: Any) -> dict[str, Any]:
    """The one line that looks so."""
    (line,) = [one for one in found if all(one[name] == value for name, value in match.items())]
    return line


def test_opening_and_what_came_and_went_make_the_closing(world: World) -> None:
    lives_through_a_winter(world)
    for asked in (
        {"as_of": day(70)},
        {"as_of": day(40), "since": date(2010, 12, 10)},
        {"period": "2010-12"},
        {"period": "2011-01"},
    ):
        for line in [*lines(world, "liability", **asked), totals(world, "liability", **asked)]:
            assert line["closing"] == (
                line["opening"]
                + line["accrued"]
                - line["rejected"]
                - line["taken_back"]
                - line["paid"]
                - line["certificates"]
                + line["adjusted"]
                + line["moved"]
            )
        assert totals(world, "liability", **asked)["moved"] == 0


def test_one_months_closing_is_the_next_ones_opening(world: World) -> None:
    lives_through_a_winter(world)
    december, january = (
        totals(world, "liability", period=period) for period in ("2010-12", "2011-01")
    )
    assert december["opening"] == 0
    assert december["closing"] == january["opening"] != 0
    assert january["paid"] > 0
    by_moments = totals(world, "liability", as_of=day(61), since=date(2011, 1, 1))
    assert by_moments["opening"] == december["closing"]


def test_the_closing_is_what_members_accounts_and_certificates_come_to(world: World) -> None:
    lives_through_a_winter(world)
    (kept,) = world.query(
        "SELECT sum(pending + available + reserved + in_flight) AS members,"
        " (SELECT sum(amount) FROM certificates WHERE state <> 'redeemed' AND state <> 'voided')"
        " AS certificates FROM member_balances"
    )
    assert totals(world, "liability")["closing"] == kept.members + kept.certificates
    told = Auditor(world).get("/liability").get_json()
    assert told["certificates_outstanding"] == "100.00"
    assert totals(world, "certificates")["amount"] == kept.certificates == 10_000


def test_what_is_pending_is_told_by_its_age(world: World) -> None:
    tea, rail = world.shop("tea"), world.shop("rail", cashback=500)
    anna, boris = world.members(2)
    for order, on in (("A", 1), ("B", 10), ("C", 60)):
        world.tell(tea, created(order, world.click(anna, tea, day(on)), 1000, at=day(on)))
    world.tell(rail, created("D", world.click(boris, rail, day(60)), 1000, at=day(60)))
    world.tell(tea, returned("B", "R", {"1": 400}, at=day(20)))
    found = lines(world, "aging", as_of=day(62))
    assert only(found, shop="tea") | {"shop": None} == {
        "shop": None,
        "what": "purchases",
        "count": 3,
        "days_0_7": 10_000,
        "days_8_30": 0,
        "days_31_60": 6_000,
        "days_61_90": 10_000,
        "over_90": 0,
        "pending": 26_000,
        "oldest": date(2010, 12, 2),
    }
    assert only(found, shop="rail")["days_0_7"] == 5_000
    assert only(found, what="welcome bonus")["pending"] == 2 * BONUS
    assert totals(world, "aging", as_of=day(62))["pending"] == 26_000 + 5_000 + 2 * BONUS
    before = lines(world, "aging", as_of=day(15), shop=tea.id)
    assert only(before)["pending"] == 20_000
    assert lines(world, "aging", as_of=day(62), shop=rail.id) == [only(found, shop="rail")]


def test_what_came_back_after_it_was_paid(world: World) -> None:
    _, rail = lives_through_a_winter(world)
    found = lines(world, "returns-after-payment", as_of=day(70), since=date(2010, 12, 1))
    back = only(found, shop="tea")
    assert (back["amount"], back["paid"]) == (50_000, date(2011, 1, 1))
    assert back["confirmed"] < back["paid"] < back["returned"] == date(2011, 1, 10)
    assert {line["reference"].partition(":")[0] for line in found} == {"purchase", "bonus"}
    assert lines(world, "returns-after-payment", since=date(2010, 12, 1), shop=rail.id) == []
    assert lines(world, "returns-after-payment", period="2010-12") == []


def test_a_return_that_is_told_late_came_back_after_it_was_paid(world: World) -> None:
    """Dated by the shop before payday, and heard of after it: it was on the member's phone."""
    shop, (anna, boris) = world.shop("tea"), world.members(2)
    for member in (anna, boris):
        earns(world, shop, member, 300)
    world.tell(shop, returned(f"order-{boris}-1-300", "R-1", at=day(20)))
    world.settle("2011-01", day(31))
    world.tell(shop, returned(f"order-{anna}-1-300", "R-2", at=day(20)))
    found = lines(world, "returns-after-payment", since=date(2010, 12, 1))
    assert {line["member"] for line in found} == {anna}
    back = only(found, shop="tea")
    assert (back["paid"], back["returned"]) == (date(2011, 1, 1), date(2010, 12, 21))
    assert lines(world, "returns-after-payment", as_of=day(25), since=date(2010, 12, 1)) == []


def test_a_confirmation_that_is_told_late_was_paid_with_the_next_list(world: World) -> None:
    shop, member = world.shop("tea"), world.member()
    earns(world, shop, member, 300)
    world.tell(shop, created("late", world.click(member, shop), 1000, at=day(1)))
    world.settle("2011-01", day(31))
    world.tell(shop, confirmed("late", at=day(20)))
    world.tell(shop, returned("late", "R-1", at=day(40)))
    assert lines(world, "returns-after-payment", since=date(2010, 12, 1)) == []


def test_what_bonuses_and_rewards_cost(world: World) -> None:
    lives_through_a_winter(world)
    found = lines(world, "promotions", as_of=day(70))
    december = only(found, month="2010-12", what="welcome bonus")
    assert (december["promised"], december["given"]) == (4, 4 * BONUS)
    (kept,) = world.query(
        "SELECT sum(amount) AS spent FROM ledger_entries WHERE account = 'marketing_expense'"
    )
    assert sum(line["cost"] for line in found) == kept.spent


def test_what_shops_bring(world: World) -> None:
    lives_through_a_winter(world)
    first, second = lines(world, "top-shops", as_of=day(70), since=date(2010, 12, 1))
    assert (first["shop"], second["shop"]) == ("tea", "rail")
    for line in (first, second):
        assert line["commission"] == line["commission_confirmed"] - line["commission_taken_back"]
        assert line["commission"] == line["cashback"] + line["margin"]
    assert second["commission_rejected"] == 720
    assert (second["commission_tracked"], second["return_rate"]) == (48_720, 148)
    (kept,) = world.query(
        "SELECT sum(confirmed_commission) AS commission, sum(confirmed_cashback) AS cashback"
        " FROM purchases"
    )
    assert first["commission"] + second["commission"] == kept.commission
    assert first["cashback"] + second["cashback"] == kept.cashback


def test_a_purchase_that_is_restated_is_one_purchase(world: World) -> None:
    shop, member = world.shop("tea"), world.member()
    click = world.click(member, shop)
    world.tell(shop, created("A-1", click, 1000, at=day(1), ordered_at=day(1)))
    world.tell(shop, updated("A-1", click, 2000, at=day(2), ordered_at=day(1)))
    world.tell(shop, updated("A-1", click, 3000, at=day(33), ordered_at=day(1)))
    world.tell(shop, created("A-2", world.click(member, shop, day(33)), 1000, at=day(34)))
    assert only(lines(world, "top-shops", since=date(2010, 12, 1)))["purchases"] == 2
    months = [lines(world, "top-shops", period=period) for period in ("2010-12", "2011-01")]
    assert [only(month)["purchases"] for month in months] == [1, 1]
    assert [only(month)["commission_tracked"] for month in months] == [24_000, 24_000]
    is_recorded_long_ago(world)
    assert sums_up(world)
    assert only(lines(world, "top-shops", since=date(2010, 12, 1)))["purchases"] == 2


def test_a_bonus_that_moves_to_the_next_purchase_was_promised_once(world: World) -> None:
    shop, member = world.shop("tea"), world.member()
    world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(1)))
    world.tell(shop, cancelled("A-1", at=day(2)))
    world.tell(shop, created("A-2", world.click(member, shop, day(32)), 1000, at=day(33)))
    for asked in ({}, {"since": date(2010, 12, 1)}):
        december, january = lines(world, "promotions", **asked)
        assert (december["month"], december["promised"]) == ("2010-12", 1)
        assert (january["month"], january["promised"]) == ("2011-01", 0)
        assert (january["given"], december["cost"]) == (BONUS, 0)
    assert only(lines(world, "promotions", period="2010-12"))["promised"] == 1
    assert only(lines(world, "promotions", period="2011-01"))["promised"] == 0


def test_each_list_and_what_became_of_it(world: World) -> None:
    lives_through_a_winter(world)
    found = lines(world, "payout-bridge", as_of=day(99))
    for period in ("2011-01", "2011-02"):
        mine = [line for line in found if line["period"] == period]
        drawn = {line["step"]: line for line in mine if line["part"] != "became"}
        became = [line for line in mine if line["part"] == "became"]
        assert drawn["total"]["amount"] == sum(line["amount"] for line in became)
        assert drawn["total"]["count"] == sum(line["count"] for line in became)
        moved = sum(line["amount"] for line in mine if line["part"] == "moved")
        assert moved == 2 * drawn["available_now"]["amount"]
    assert only(found, period="2011-01", step="paid")["amount"] > 0
    assert {line["period"] for line in lines(world, "payout-bridge", as_of=day(40))} == {"2011-01"}


def test_whoever_looks_odd_is_told(world: World) -> None:
    lives_through_a_winter(world)
    found = lines(world, "suspicious-members")
    assert [line["signs"] for line in found] == ["many_orders", "many_orders"]
    assert all(line["unseen"] == line["flagged"] == 1 for line in found)


def test_what_comes_late_leaves_the_books_of_a_month_as_they_were(world: World) -> None:
    lives_through_a_winter(world)
    world.change(
        "INSERT INTO closed_periods (period, proposed_by, approved_by) VALUES ('2010-12', 'a', 'b')"
    )
    names = ("liability", "trial-balance", "top-shops", "journal", "returns-after-payment")
    before = {name: lines(world, name, period="2010-12") for name in names}
    rail = [row.id for row in world.query("SELECT id FROM shops WHERE slug = 'tea'")]
    anna = world.query("SELECT id FROM members ORDER BY id LIMIT 1")[0].id
    now = lines(world, "aging", as_of=day(70), shop=rail[0])
    shop_click = world.query("SELECT order_id FROM purchases WHERE member_id = :id", id=anna)
    assert shop_click
    assert now
    world.change(
        "WITH head AS (INSERT INTO ledger_transactions (reference, kind, effective_at)"
        " VALUES ('late', 'adjustment_goodwill', '2010-12-15 12:00+03') RETURNING id)"
        " INSERT INTO ledger_entries (transaction_id, leg, account, owner_id, amount)"
        " SELECT id, leg, account, owner, amount FROM head, (VALUES"
        " (0, 'goodwill_expense', 0, 5000), (1, 'member_available', :anna, -5000))"
        " AS legs (leg, account, owner, amount)",
        anna=anna,
    )
    assert {name: lines(world, name, period="2010-12") for name in names} == before
    late = only(lines(world, "journal", period="2011-01"), reference="late", leg=1)
    assert late["credit"] == 5_000
    assert totals(world, "liability", period="2011-01")["adjusted"] == 5_000
