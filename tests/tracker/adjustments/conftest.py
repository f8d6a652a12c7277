"""What the tests of adjustments begin with."""

import pytest

from tests.signing_in import at
from tests.tracker.adjustments.staff import Pair
from tests.world import Shop, World, day

NOW = day(60)


@pytest.fixture
def world(world: World) -> World:
    """The day on which staff adjust."""
    return at(world, NOW)


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that promises ten percent."""
    return world.shop(cashback=1000)


@pytest.fixture
def member(world: World) -> int:
    """Somebody with nothing."""
    return world.member()


@pytest.fixture
def pair(world: World) -> Pair:
    """Two of the staff."""
    return Pair(world)
