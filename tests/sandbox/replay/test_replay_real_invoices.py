"""The real invoices come to the totals that everybody who replays them gets."""

import pytest

from sandbox.replay.clicks import ClickKey
from sandbox.replay.dataset import Dataset, load_dataset
from sandbox.replay.events import Kind
from tests.oracle.real_data import REAL_INVOICES, needs_real_data

pytestmark = needs_real_data


@pytest.fixture(scope="module")
def real() -> Dataset:
    return load_dataset(REAL_INVOICES)


def test_totals(real: Dataset) -> None:
    assert len(real.events) == 34_239
    assert {kind: real.count(kind) for kind in Kind} == {
        Kind.PURCHASE: 23_637,
        Kind.GUEST: 9_976,
        Kind.RETURN: 249,
        Kind.UNMATCHED: 377,
    }
    assert len(real.members) == 922
    assert len(real.shops) == 660


def test_every_member_who_buys_at_a_shop_clicked_there_once(real: Dataset) -> None:
    pairs = {event.click for event in real.events if isinstance(event.click, ClickKey)}
    assert {click.key for click in real.clicks} == pairs
    assert len(real.clicks) == len(pairs) == 21_510


def test_ids_are_unique_at_a_shop(real: Dataset) -> None:
    assert len({(event.shop, event.webhook_id) for event in real.events}) == 34_239
