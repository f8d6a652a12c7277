"""What a member sees who saves and orders certificates adds up like all else."""

from tests.cabinets import adds_up, ask
from tests.stories.months import FIRST, earns
from tests.stories.operators import Operator
from tests.world import World


def test_what_is_saved_and_spent_on_certificates_adds_up(world: World) -> None:
    shop, member = world.shop(cashback=1000), world.member()
    cabinet = world.signed_in(member)
    earns(world, shop, member, 300)
    goal = cabinet.post("/api/v1/goals", json={"name": "чай", "target": "150.00"}).get_json()
    adds_up(world, member, cabinet)
    wish = {"amount": "100.00", "goal_id": goal["id"]}
    (made,) = cabinet.post("/api/v1/certificates", json=wish).get_json()["items"]
    lines = adds_up(world, member, cabinet)
    assert [line["kind"] for line in lines if line["status"] == "written_off"] == ["certificate"]
    told = ask(cabinet, f"history/c{made['id']}")
    assert [one["kind"] for one in told["movements"]] == ["certificate_ordered"]
    world.settle("2011-01", FIRST, Operator())
    assert len(adds_up(world, member, cabinet, size=1)) == 4
    assert world.differences() == []
    stranger = world.signed_in(world.member())
    assert stranger.get(f"/api/v1/history/c{made['id']}").status_code == 404
