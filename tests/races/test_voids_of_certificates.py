"""A void asked for again while it is approved: both are answered, and it is done once."""

from functools import partial

from tests.races.together import raised, together
from tests.signing_in import at
from tests.tracker.certificates.salon import DESK, paper, staff
from tests.tracker.certificates.saving import NOW, states
from tests.world import World
from tracker.staff.rules import Role

WHY = {"reason": "a mistake"}


def test_nobody_waits_for_whoever_waits_for_them(world: World) -> None:
    """Who approves has the proposal and wants the member; who asks has the member."""
    world = at(world, NOW)
    shop = world.shop(cashback=1000)
    olga, anna = staff(world, "olga", Role.OPERATOR), staff(world, "anna", Role.APPROVER)
    seen: set[object] = set()
    for _ in range(6):
        path = f"{DESK}/{paper(world, shop, 6_000).id}/void"
        (asked,) = olga.post(path, json=WHY).get_json()["voids"]
        approval = f"{DESK}/voids/{asked['id']}/approve"
        answers = together(
            partial(anna.post, approval, json=WHY), *[partial(olga.post, path, json=WHY)] * 2
        )
        assert not raised(answers)
        seen.update(one.status_code for one in answers)  # type: ignore[union-attr]
    assert seen == {200, 409}
    assert set(states(world)) == {"voided"}
    assert world.differences() == []
