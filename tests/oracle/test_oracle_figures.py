"""What the oracle says of whole files, and that the sandbox's events say the same."""

from collections import defaultdict
from pathlib import Path

import pytest

from sandbox.replay.clicks import ClickKey
from sandbox.replay.dataset import Dataset, load_dataset
from sandbox.replay.events import Kind
from sandbox.replay.sample import sample_csv
from tests.oracle.books import Payment
from tests.oracle.model import Expected, Figures, expected_of
from tests.oracle.real_data import REAL_INVOICES, needs_real_data
from tracker.kit.money import parse_rubles, percent_to_basis_points, share


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sample") / "invoices.csv"
    path.write_text(sample_csv())
    return path


@pytest.fixture(scope="module")
def of_sample(sample: Path) -> Expected:
    return expected_of(sample)


def test_the_sample_leaves_no_rule_untried(of_sample: Expected) -> None:
    figures = of_sample.figures
    assert figures.cashback_rejected > 0
    assert figures.clawed_back > 0
    assert figures.unattributed > 0
    assert figures.unmatched_returns > 0
    assert 0 < figures.welcome_bonus < figures.members * 200_00
    assert of_sample.deepest_debt < 0
    assert all(payment.members for payment in of_sample.payments.values())


def test_nothing_of_the_sample_is_pending_in_the_end(of_sample: Expected) -> None:
    assert of_sample.figures.cashback_pending == 0


def test_events_of_the_sample_say_the_same(sample: Path, of_sample: Expected) -> None:
    _assert_same(load_dataset(sample), of_sample.figures)


@needs_real_data
def test_the_real_invoices_come_to_these_figures() -> None:
    expected = expected_of(REAL_INVOICES)
    assert expected.figures == Figures(
        purchases=23_637,
        unattributed=9_976,
        unmatched_returns=377,
        members=922,
        cashback_tracked=13_608_333_16,
        cashback_rejected=180_692_17,
        cashback_confirmed=13_427_640_99,
        cashback_pending=0,
        welcome_bonus=172_000_00,
        clawed_back=5_946_55,
        available=0,
        paid_out=13_593_694_44,
    )
    assert expected.payments == {
        "2011-01": Payment(788, 3_532_319_96),
        "2011-02": Payment(815, 4_646_903_00),
        "2011-03": Payment(798, 3_728_363_24),
        "2011-04": Payment(607, 1_686_108_24),
    }
    _assert_same(load_dataset(REAL_INVOICES), expected.figures)


def _assert_same(dataset: Dataset, figures: Figures) -> None:
    tracked, kept = _cashback(dataset)
    assert figures.purchases == dataset.count(Kind.PURCHASE)
    assert figures.unattributed == dataset.count(Kind.GUEST)
    assert figures.unmatched_returns == dataset.count(Kind.UNMATCHED)
    assert figures.members == len(dataset.members)
    assert figures.cashback_tracked == tracked
    assert figures.cashback_confirmed - figures.clawed_back == kept


def _cashback(dataset: Dataset) -> tuple[int, int]:
    """What the webhooks' bodies promise at first, and what is left after all returns."""
    rates = {shop.slug: percent_to_basis_points(shop.cashback_percent) for shop in dataset.shops}
    clicks = {click.key: f"clk_{click.key.phone}_{click.key.shop}" for click in dataset.clicks}
    amounts: defaultdict[tuple[str, str, str], list[int]] = defaultdict(list)
    for event in dataset.events:
        if event.kind in {Kind.PURCHASE, Kind.RETURN}:
            assert event.kind is Kind.RETURN or isinstance(event.click, ClickKey)
            data = event.body(clicks)["data"]
            assert isinstance(data, dict)
            sign = 1 if event.kind is Kind.PURCHASE else -1
            for line in data["lines"]:
                key = (event.shop, data["order_id"], line["line_id"])
                amounts[key].append(sign * parse_rubles(line["amount"]))
    tracked = sum(share(changes[0], rates[shop]) for (shop, *_), changes in amounts.items())
    kept = sum(share(sum(changes), rates[shop]) for (shop, *_), changes in amounts.items())
    return tracked, kept
