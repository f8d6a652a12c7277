"""Our key is changed, and the tills of a salon come all at once: each is let in."""

from dataclasses import replace
from functools import partial

import pytest

from tests.races.together import raised, together
from tests.signing_in import at
from tests.tracker.certificates.salon import paper, present, salon_of
from tests.tracker.certificates.saving import NOW
from tests.world import Shop, World
from tracker.kit.crypto import Keyring, key_from, new_key


@pytest.fixture
def world(world: World) -> World:
    return at(world, NOW)


@pytest.fixture
def shop(world: World) -> Shop:
    return world.shop(cashback=1000)


@pytest.fixture
def keys(environ: dict[str, str]) -> tuple[bytes, bytes]:
    """The key of before, and the new one."""
    return key_from(environ["TRACKER_SECRET_KEY"]), key_from(new_key())


def _with(world: World, ring: Keyring) -> World:
    return World(replace(world.tools, settings=replace(world.tools.settings, keys=ring)))


def test_at_their_first_use_of_the_new_key(
    world: World, shop: Shop, keys: tuple[bytes, bytes]
) -> None:
    old, new = keys
    salon, slips = salon_of(world), [paper(world, shop) for _ in range(8)]
    fresh = _with(world, Keyring(new, old))
    answers = together(*[partial(present, fresh, salon, one.code) for one in slips])
    assert not raised(answers)
    assert {one.status_code for one in answers} == {200}  # type: ignore[union-attr]


def test_while_processes_are_restarted_one_by_one(
    world: World, shop: Shop, keys: tuple[bytes, bytes]
) -> None:
    """Some of them have both keys still the other way round."""
    old, new = keys
    before, after = _with(world, Keyring(old, new)), _with(world, Keyring(new, old))
    salon = salon_of(world)
    for _ in range(3):
        slip = paper(world, shop)
        tills = [
            partial(present, one, salon, slip.code, f"R-{slip.id}") for one in (before, after) * 5
        ]
        answers = together(*tills)
        assert not raised(answers)
        assert {one.status_code for one in answers} == {200}  # type: ignore[union-attr]
