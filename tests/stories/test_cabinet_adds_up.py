"""What members see adds up, whatever happens in whatever order, on pages of any size."""

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cabinets import adds_up
from tests.clients import Cabinet
from tests.stories.test_histories import HOLDS, RATES, History, Stage, histories
from tests.world import World
from tracker.clicks.rules import OnHoldEnd


@dataclass(slots=True)
class Looked(Stage):
    """A stage at which the buyers look at their cabinets at every step; one invited the other."""

    cabinets: dict[int, Cabinet] = field(default_factory=dict)
    size: int = 3

    def opens(self) -> None:
        Stage.opens(self)
        inviter, friend = self.buyers
        self.world.change(
            "UPDATE members SET referrer_id = :inviter WHERE id = :friend",
            inviter=inviter,
            friend=friend,
        )
        self.cabinets = {member: self.world.signed_in(member) for member in self.buyers}

    def is_sound(self) -> None:
        for member, cabinet in self.cabinets.items():
            adds_up(self.world, member, cabinet, self.size)


@pytest.fixture
def stage(world: World) -> Looked:
    """Three shops, one for each promise."""
    shops = {
        policy: world.shop(
            policy.value.replace("_", "-"),
            cashback=RATES[policy],
            commission=RATES[policy] + 200,
            hold_days=HOLDS[policy],
            on_hold_end=policy,
        )
        for policy in OnHoldEnd
    }
    return Looked(world, shops)


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=histories(), size=st.integers(1, 5))
def test_what_is_seen_adds_up_at_every_step(stage: Looked, history: History, size: int) -> None:
    stage.size = size
    stage.opens()
    stage.plays(history)
    stage.closes(history)
    assert stage.world.differences() == []
