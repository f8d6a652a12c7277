"""What the tests of certificates begin with."""

import pytest

from tests.tracker.certificates.salon import Paper, Salon, paper, salon_of
from tests.world import Shop, World


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that promises ten percent."""
    return world.shop(cashback=1000)


@pytest.fixture
def arbat(world: World) -> Salon:
    """A salon."""
    return salon_of(world)


@pytest.fixture
def slip(world: World, shop: Shop) -> Paper:
    """A certificate over 1,000.00."""
    return paper(world, shop)
