"""A short seeded session; `make fuzz N=100000` is the long one."""

from random import Random

import pytest

from tests.doors import both_doors
from tests.fuzz.session import Session
from tests.world import World

BODIES = 600


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    """Nobody is too fast here."""
    return {**environ, "WEBHOOK_RATE": "1000000", "WEBHOOK_RATE_TOTAL": "1000000"}


@both_doors
def test_whatever_is_sent_is_answered_and_nothing_unsigned_is_kept(world: World) -> None:
    session = Session(world, Random(20101201))
    list(session.run(BODIES))
    assert session.sent == BODIES
    # The changes are neither so wild that nothing passes nor so tame that everything does.
    assert session.statuses[202] > BODIES // 20
    assert session.statuses[422] > BODIES // 20
    assert session.statuses[401] > BODIES // 20
