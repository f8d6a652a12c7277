"""An erasure, and a change that was under way: what is erased does not come back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.orm import Session

from tests.races.held import somebody_waits, wait_until
from tests.signing_in import fresh, give_email
from tests.world import World
from tracker.access.changes.service import Hand, change_email, change_password
from tracker.access.rules import SignedIn
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


@pytest.mark.parametrize("change", [change_password, change_email])
def test_a_change_that_comes_in_between_leaves_nothing(
    world: World, change: Callable[[Hand, str], None]
) -> None:
    member = fresh(world)
    now = world.tools.clock.now()

    def hand(session: Session) -> Hand:
        return Hand(session, world.tools.settings.keys, SignedIn(member, 1), now, now)

    def changes() -> None:
        with unit_of_work(world.tools.engine) as session:
            change(hand(session), "anna@example.org")

    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(world.tools.engine) as session:
            erase(session, member, 0, now)
            changing = pool.submit(changes)
            wait_until(lambda: somebody_waits(world) or changing.done())
        with pytest.raises(MemberNotFound):
            changing.result(20)
    assert world.query("SELECT hash FROM member_passwords") == []
    assert world.query("SELECT id FROM notifications") == []
