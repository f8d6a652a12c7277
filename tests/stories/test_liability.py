"""What we owe members: what is here, on its way and in certificates, as of any moment."""

from tests.stories.months import earns
from tests.world import World, created, day, returned
from tracker.kit.database import snapshot, unit_of_work
from tracker.reports.books.liability import liability
from tracker.staff.rules import Role
from tracker.staff.service import hire


def test_the_liability_is_what_members_accounts_and_certificates_come_to(world: World) -> None:
    shop, saver, debtor = world.shop(cashback=1000), world.member(), world.member()
    earns(world, shop, saver, 300)
    world.tell(shop, created("P-1", world.click(debtor, shop), 1000, at=day(2)))
    cabinet = world.signed_in(saver)
    goal = cabinet.post("/api/v1/goals", json={"name": "чай", "target": "150.00"}).get_json()
    wish = {"amount": "100.00", "goal_id": goal["id"]}
    assert cabinet.post("/api/v1/certificates", json=wish).status_code == 201
    with unit_of_work(world.tools.engine) as session:
        token = hire(session, world.tools.settings.keys, "vera", Role.VIEWER)
    headers = {"Authorization": f"Bearer {token}"}
    told = world.client().get("/admin/api/v1/reports/liability", headers=headers).get_json()
    assert told["as_of"]
    totals = {name: sum_ for name, sum_ in told["totals"].items() if sum_ != "0.00"}
    assert totals == {"opening": "800.00", "closing": "800.00"}
    others = ("as_of", "known_at", "since", "period", "shop", "lines", "complete", "totals")
    assert {name: told[name] for name in told if name not in others} == {
        "pending": "300.00",
        "available": "250.00",
        "reserved": "150.00",
        "in_flight": "0.00",
        "certificates_outstanding": "100.00",
        "to_members": "800.00",
        "debts": "0.00",
    }
    (kept,) = world.query(
        "SELECT sum(pending + available + reserved + in_flight) AS sum FROM member_balances"
    )
    assert kept.sum + 10_000 == 80_000


def test_as_of_a_moment_only_what_counted_by_then_is_in_it(world: World) -> None:
    shop, member = world.shop(cashback=1000), world.member()
    earns(world, shop, member, 300, on=1)
    world.settle("2011-01", day(31))
    world.tell(shop, returned(f"order-{member}-1-300", "R-1", at=day(40)))
    with snapshot(world.tools.engine) as session:
        assert liability(session, day(0)).to_members == 0
        assert liability(session, day(2)).to_members == 50_000
        assert (liability(session, day(32)).to_members, liability(session, day(32)).debts) == (0, 0)
        late = liability(session, day(41))
    assert (late.to_members, late.debts > 0) == (0, True)
