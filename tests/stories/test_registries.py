"""A month that is paid through files: put out, acknowledged, stated, and explained to the end."""

from pathlib import Path

import pytest

from tests.stories.months import earns, started
from tests.stories.operators import run_state, states
from tests.tracker.gateways.registries import FolderOperator, billing, folder
from tests.world import World
from tracker.gateways.registry import RegistryBilling
from tracker.ledger.service import Balance
from tracker.reconciliation.jobs import keep_watch
from tracker.settlement.jobs import deliver
from tracker.settlement.rules import Conduct


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return folder(tmp_path / "registries")


def work(world: World, gateway: RegistryBilling) -> None:
    """Workers send and ask, and look into the folder, until nothing is due."""
    world.watch(gateway)
    while deliver(world.tools.engine, world.tools.settings.keys, gateway, Conduct()):
        pass
    keep_watch(world.watch_of(gateway))


def test_a_month_is_paid_by_registries(world: World, root: Path) -> None:
    shop = world.shop(cashback=1000)
    anna, boris = world.members(2)
    for member in (anna, boris):
        earns(world, shop, member, 100)
    started(world)
    gateway, operator = billing(root), FolderOperator(root)
    work(world, gateway)
    assert states(world) == ["submitted", "submitted"]
    assert len(list((root / "out").iterdir())) == 1

    operator.work()
    work(world, gateway)
    assert states(world) == ["paid", "paid"]
    assert world.balance(anna) == Balance(0, 0, 0)
    assert not list((root / "in").glob("ack-*"))
    assert len(operator.books) == 2
    work(world, gateway)
    assert run_state(world, "2011-01") in ("done", "closed")
    assert world.differences() == []
