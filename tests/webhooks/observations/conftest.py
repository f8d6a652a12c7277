"""A shop, and an eye on its door that writes when the test says so."""

import pytest

from tests.webhooks.observations.counted import quiet
from tests.world import Shop, World
from webhooks.observations.watch import Watch


@pytest.fixture
def shop(world: World) -> Shop:
    return world.shop()


@pytest.fixture
def watch(world: World) -> Watch:
    return quiet(world)
