"""Goals in hands that push them: more than may be begun, paused and spent, one after another."""

import itertools
from concurrent.futures import ThreadPoolExecutor

from tests.races.held import somebody_waits, wait_until
from tests.signing_in import at
from tests.stories.months import earns
from tests.tracker.certificates.saving import NOW, buy, give_back_of, rich, save, saved
from tests.world import World, day, rubles
from tracker.goals.api import ACTS_AN_HOUR
from tracker.goals.service import change, create
from tracker.kit.database import unit_of_work
from tracker.privacy.erasure import erase, what_is_lost


def test_goals_that_came_back_can_be_put_in_order(world: World) -> None:
    member = rich(world, world.shop(cashback=1000), 1_000)
    goals = [save(world, member, 100 if number == 0 else 5_000) for number in range(20)]
    (one,) = buy(world, member, 100, goal=goals[0])
    save(world, member, 5_000)
    give_back_of(world, one.id)
    app = at(world, NOW).signed_in(member)
    standing = [one["id"] for one in app.get("/api/v1/goals").get_json()["items"]]
    assert len(standing) == 21
    answer = app.put("/api/v1/goals/order", json={"ids": standing[::-1]})
    assert answer.status_code == 200, answer.get_json()


def test_a_goal_that_comes_back_takes_nothing_more_by_itself(world: World) -> None:
    shop = world.shop(cashback=1000)
    member = rich(world, shop, 1_000)
    goal = save(world, member, 50_000)
    with unit_of_work(world.tools.engine) as session:
        change(session, goal, member, NOW, paused=True)
    (one,) = buy(world, member, 1_000, goal=goal)
    earns(world, shop, member, 700, on=6)
    give_back_of(world, one.id, day(7))
    balance = world.balance(member)
    assert (balance.available, balance.reserved) == (rubles(700), rubles(1_000))
    assert world.differences() == []


def test_one_booking_is_told_of_once(world: World) -> None:
    shop = world.shop(cashback=1000)
    member = rich(world, shop, 300)
    app = at(world, NOW).signed_in(member)

    def goal(target: str) -> int:
        made = app.post("/api/v1/goals", json={"name": "x", "target": target})
        return int(made.get_json()["id"])

    large = goal("100000.00")
    small = [goal("1.00") for _ in range(10)]
    assert app.put("/api/v1/goals/order", json={"ids": [*small, large]}).status_code == 200
    earns(world, shop, member, 50, on=6)
    (row,) = world.query("SELECT count(*) AS n FROM notifications WHERE kind = 'goal_reached'")
    assert row.n <= 2, "by the channels that the member has"


def test_a_goal_made_while_its_member_leaves_keeps_no_name(world: World) -> None:
    member = rich(world, world.shop(cashback=1000), 300)

    def begins() -> None:
        with unit_of_work(world.tools.engine) as session:
            create(session, member, "Anna Petrova, +79000000000", 100, NOW)

    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(world.tools.engine) as session:
            erase(session, member, what_is_lost(session, member), day(6))
            making = pool.submit(begins)
            wait_until(lambda: somebody_waits(world) or making.done())
        making.exception(20)
    assert world.query("SELECT name FROM goals WHERE name IS NOT NULL") == []


def test_one_kopeck_to_and_fro_does_not_fill_the_ledger(world: World) -> None:
    member = rich(world, world.shop(cashback=1000), 300)
    goal = save(world, member, 300)
    app = at(world, NOW).signed_in(member)
    sums = itertools.cycle(["299.99", "300.00"])
    answers = [
        app.patch(f"/api/v1/goals/{goal}", json={"target": next(sums)}) for _ in range(ACTS_AN_HOUR)
    ]
    assert {one.status_code for one in answers} == {200}
    (before,) = world.query("SELECT count(*) AS n FROM ledger_transactions")
    for refused in (
        app.patch(f"/api/v1/goals/{goal}", json={"target": "299.99"}),
        app.delete(f"/api/v1/goals/{goal}"),
        app.put("/api/v1/goals/order", json={"ids": [goal]}),
        app.post("/api/v1/goals", json={"name": "x", "target": "1.00"}),
    ):
        assert (refused.status_code, "Retry-After" in refused.headers) == (429, True)
    assert world.query("SELECT count(*) AS n FROM ledger_transactions") == [before]


def test_a_goal_that_is_full_again_after_a_certificate_is_told_again(world: World) -> None:
    shop = world.shop(cashback=1000)
    member = rich(world, shop, 300)
    goal = save(world, member, 1_000)
    told = "SELECT count(*) AS n FROM notifications WHERE kind = 'goal_reached'"
    earns(world, shop, member, 700, on=2)
    assert world.query(told)[0].n == 1
    buy(world, member, 500, goal=goal)
    earns(world, shop, member, 500, on=6)
    assert saved(world, member) == [rubles(1_000)]
    assert world.query(told)[0].n == 2
