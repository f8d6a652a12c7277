"""An erasure, and a change that was under way: what is erased does not come back."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.races.held import somebody_waits, wait_until
from tests.signing_in import fresh, give_email
from tests.world import World
from tracker.kit.database import unit_of_work
from tracker.members.service import MemberNotFound
from tracker.privacy.erasure import erase


def test_an_address_that_is_set_at_the_same_moment_is_not_kept(world: World) -> None:
    member = fresh(world)
    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(world.tools.engine) as session:
            erase(session, member, 0, world.tools.clock.now())
            changing = pool.submit(give_email, world, member, "anna@example.org")
            wait_until(lambda: somebody_waits(world) or changing.done())
        with pytest.raises(MemberNotFound):
            changing.result(20)
    (row,) = world.query("SELECT email_sealed, email_hash FROM members WHERE id = :id", id=member)
    assert tuple(row) == (None, None)
