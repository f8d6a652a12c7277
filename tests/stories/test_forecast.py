"""Expected money, from the books of a real database to what finance and members are told."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from tests.forecast_sweep.booking import put
from tests.forecast_sweep.foretelling import families, forecast
from tests.forecast_sweep.worlds import make as make_world
from tests.signing_in import at
from tests.stories.months import FIRST, earns
from tests.world import World, confirmed, created, day, returned
from tracker.forecast.inputs import seen
from tracker.forecast.looking import look_ahead, rebuild
from tracker.forecast.making import House, make
from tracker.forecast.people import people
from tracker.forecast.quantiles import quantile
from tracker.forecast.queries import forecast_is_due, told
from tracker.forecast.rules import Scope
from tracker.kit.database import snapshot, unit_of_work
from wiring.forecast import house_of

TODAY = day(20)


def house(world: World) -> House:
    return house_of(world.tools.settings)


def costs(world: World, as_of: object = TODAY, **options: int | None) -> dict[tuple[str, str], int]:
    """P50 by scope and period."""
    made = make(world.tools.engine, replace(house(world), **options), as_of, 1)  # type: ignore[arg-type]
    return {(one.scope, one.period): one.p50 for one in made.costs}


def test_what_is_certain_is_foretold_to_the_kopeck_and_the_list_says_the_same(
    world: World,
) -> None:
    shop = world.shop(cashback=1000, hold_days=10)
    member, saver, off = world.members(3)
    for one in (member, saver, off):
        earns(world, shop, one, 300)
    world.tell(shop, created("P-1", world.click(member, shop, day(15)), 1000, at=day(15)))
    world.tell(shop, created("P-2", world.click(member, shop, day(18)), 70, at=day(18)))
    goal = {"name": "a phone", "target": "400.00"}
    assert world.signed_in(saver).post("/api/v1/goals", json=goal).status_code == 201
    world.change("UPDATE members SET auto_payment = false WHERE id = :id", id=off)
    seen_now = costs(world)
    world.end_holds(FIRST)
    run = world.prepare("2011-01", FIRST)
    assert seen_now[Scope.BOUGHT, "2011-01"] == run.total == 30_000 + 20_000 + 10_700 + 10_000
    assert seen_now[Scope.BOUGHT, "all"] == run.total
    assert costs(world, cap=20_000)[Scope.BOUGHT, "2011-01"] == 30_000


def test_a_debt_is_paid_off_before_anything_is_foretold(world: World) -> None:
    shop, member = world.shop(cashback=1000, hold_days=40), world.member()
    earns(world, shop, member, 300)
    world.settle("2011-01", FIRST)
    order = f"order-{member}-1-300"
    world.tell(shop, returned(order, "R-1", at=day(33)))
    world.tell(shop, created("P-1", world.click(member, shop, day(34)), 9000, at=day(34)))
    found = costs(world, day(35))
    # The bonus goes with the second purchase; the first one's was taken back with it.
    assert found[Scope.BOUGHT, "2011-02"] == 0
    assert found[Scope.BOUGHT, "2011-03"] == 90_000 + 20_000 - 50_000


def test_the_books_are_read_as_they_were_written(world: World) -> None:
    """A generated world, booked for real: what is read of it is what is known of it, and what is
    foretold from the books is what is foretold without them."""
    generated = make_world(7, people=60, shops=5)
    generated.people[:] = [replace(one, saving=0) for one in generated.people]
    today = day(290)
    shops = put(world, generated, today)
    with snapshot(world.tools.engine) as session:
        found, crowd = seen(session, today), people(session, today)
    word, _ = families(generated)
    for number, shop in shops.items():
        counted = word._ends.get(number)
        if counted is not None:
            assert sum(found.money[shop.id].exposed) == pytest.approx(sum(counted.exposed), 1e-6)
            assert found.money[shop.id].rejected == pytest.approx(counted.rejected, abs=1e-6)
    assert found.purchases == len(generated.purchases)
    waiting = [one for member in crowd.members for one in member.waiting]
    paid = {one.id for one in generated.people if one.is_paid}
    known = [
        one
        for one in generated.purchases
        if one.member in paid and generated.known_as_of_today(one) is None
    ]
    assert sorted(one.amount for one in waiting) == sorted(one.amount for one in known)
    assert (crowd.weeks, crowd.one_in) == (26, 1)


def test_the_same_books_and_seed_say_the_same_and_a_part_stands_for_all(world: World) -> None:
    generated = make_world(3, people=60, shops=4)
    put(world, generated, day(290))
    engine = world.tools.engine
    first, again = (make(engine, house(world), day(290), 5) for _ in range(2))
    assert first == again
    part = make(engine, house(world), day(290), 5, most_lines=len(generated.purchases) // 2)
    assert part.one_in > 1
    assert part.members < first.members
    whole, sample = (
        {one.period: one for one in made.costs if one.scope is Scope.EVERYTHING}
        for made in (first, part)
    )
    assert sample["all"].p50 == pytest.approx(whole["all"].p50, rel=0.35)


def test_a_worker_looks_ahead_once_a_day_and_what_came_of_it_is_told(world: World) -> None:
    shop, member = world.shop(cashback=1000, hold_days=10), world.member()
    engine = world.tools.engine
    with unit_of_work(engine) as session:
        assert not forecast_is_due(session, TODAY)
    earns(world, shop, member, 300)
    with unit_of_work(engine) as session:
        assert forecast_is_due(session, TODAY)
    assert look_ahead(engine, house(world), TODAY) is False
    world.change_as_owner("UPDATE forecasts SET begun_at = begun_at - interval '2 minutes'")
    with unit_of_work(engine) as session:
        assert not forecast_is_due(session, TODAY + timedelta(hours=3))
        assert forecast_is_due(session, TODAY + timedelta(days=1))
    world.prepare("2011-01", FIRST)
    with snapshot(engine) as session:
        (first, *_, in_all) = told(session, day(40)).costs
    assert (first.scope, first.period, first.p50, first.came_to) == (
        Scope.BOUGHT,
        "2011-01",
        50_000,
        50_000,
    )
    assert (in_all.period, in_all.came_to) == ("all", None)


def test_nobody_begins_while_another_is_at_it_and_one_who_is_gone_is_replaced(
    world: World,
) -> None:
    earns(world, world.shop(), world.member(), 300)
    insert = "INSERT INTO forecasts (as_of, seed) VALUES (:as_of, 1) RETURNING id"
    world.query(insert, as_of=TODAY)
    engine = world.tools.engine
    with unit_of_work(engine) as session:
        assert not forecast_is_due(session, TODAY)
    look_ahead(engine, house(world), TODAY)
    made = "SELECT count(*) AS made FROM forecasts WHERE made_at IS NOT NULL"
    assert world.query(made)[0].made == 0
    world.change_as_owner("UPDATE forecasts SET begun_at = begun_at - interval '31 minutes'")
    with unit_of_work(engine) as session:
        assert forecast_is_due(session, TODAY)
    look_ahead(engine, house(world), TODAY)
    assert world.query(made)[0].made == 1


def test_a_look_from_an_earlier_moment_leaves_members_curves_alone(world: World) -> None:
    earns(world, world.shop(), world.member(), 300)
    engine = world.tools.engine
    latest = rebuild(engine, house(world), TODAY, None)
    rebuild(engine, house(world), day(10), None)
    kept = world.query("SELECT DISTINCT forecast_id AS id FROM forecast_curves")
    assert [row.id for row in kept] == [latest.id]


def test_a_shop_that_begins_to_reject_is_found_and_told_once(world: World) -> None:
    shop, members = world.shop(hold_days=30), world.members(30)
    for number in range(120):
        at = day(number / 2)
        order = f"past-{number}"
        world.tell(shop, created(order, world.click(members[number % 30], shop, at), 50, at=at))
        yes = number % 20
        later = at + timedelta(days=6)
        told_later = confirmed(order, at=later) if yes else returned(order, "R", at=later)
        world.tell(shop, told_later)
    for number in range(60):
        at = day(75 + number / 6)
        order = f"now-{number}"
        world.tell(shop, created(order, world.click(members[number % 30], shop, at), 50, at=at))
        later = at + timedelta(days=4)
        world.tell(
            shop, returned(order, "R", at=later) if number % 2 else confirmed(order, at=later)
        )
    engine = world.tools.engine
    rebuild(engine, house(world), day(116), None)
    (row,) = world.query("SELECT * FROM forecast_watches")
    assert row.rejected >= 30 > row.expected_thousandths / 1000
    assert row.odds > row.bar
    assert day(75).date() <= row.since <= day(90).date()


def test_the_forecast_of_the_books_is_that_of_the_world(world: World) -> None:
    generated = make_world(11, people=80, shops=5)
    generated.people[:] = [replace(one, saving=0) for one in generated.people]
    put(world, generated, day(290))
    made = make(world.tools.engine, replace(house(world), cap=None), day(290), 1)
    generated.cap, generated.minimum = 10**14, 100
    generated.firsts = (3.0, 34.0, 64.0)
    plain = forecast(generated, Random(1))
    booked = {one.period: one for one in made.costs if one.scope is Scope.EVERYTHING}
    later = [quantile([one[which] for one in plain.everything], 50) for which in (1, 2)]
    assert [booked[period].p50 for period in sorted(booked)[1:3]] == pytest.approx(later, rel=0.06)


def test_members_see_by_when_a_pending_line_is_usually_confirmed(world: World) -> None:
    tea, member = world.shop("tea", hold_days=30), world.member()
    buyers = world.members(10)
    for number in range(110):
        order = f"past-{number}"
        click = world.click(buyers[number % 10], tea, day(number / 10))
        world.tell(tea, created(order, click, 50, at=day(number / 10)))
        world.tell(tea, confirmed(order, at=day(number / 10 + 3)))
    world.tell(tea, created("now", world.click(member, tea, day(20)), 50, at=day(20)))
    there = at(world, day(20))
    (line, _) = there.signed_in(member).get("/api/v1/history").get_json()["items"]
    assert (line["usually_by"], line["expected_at"][:10]) == (None, "2011-01-20")
    rebuild(world.tools.engine, house(world), day(20), None)
    (line, bonus) = there.signed_in(member).get("/api/v1/history").get_json()["items"]
    assert line["usually_by"] == bonus["usually_by"] == "2010-12-25"
    explained = there.signed_in(member).get(f"/api/v1/history/{line['id']}").get_json()
    assert explained["lines"][0]["usually_by"] == "2010-12-25"
