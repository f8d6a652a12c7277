"""`tracker clicks import`, and the clicks that links make."""

import csv
import io
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from partners.links.cli import import_clicks
from partners.links.service import NothingPromised
from tests.world import Shop, World, day
from tracker.clicks.rules import OnHoldEnd, Terms
from tracker.kit.csvfiles import FileInvalid

PHONE = "+79000000001"


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop, and a member with the first number."""
    world.member()
    return world.shop(cashback=1000)


def imported(world: World, folder: Path, *lines: str) -> Result:
    path = folder / "clicks.csv"
    path.write_text("\n".join(["shop,phone,clicked_at", *lines]) + "\n")
    return CliRunner().invoke(import_clicks, [str(path)], obj=lambda: world.tools)


def test_each_click_gets_the_terms_of_its_moment(world: World, shop: Shop, tmp_path: Path) -> None:
    world.promise(shop, Terms(500, 700, 5, OnHoldEnd.REJECT), day(5))
    moments = [day(at).isoformat() for at in (6, 0, 5)]
    result = imported(world, tmp_path, *(f"shop,{PHONE},{moment}" for moment in moments))
    assert result.exit_code == 0, result.output
    printed = list(csv.DictReader(io.StringIO(result.output)))
    assert [row["clicked_at"] for row in printed] == moments
    rates = {row.id: row.cashback_bp for row in world.query("SELECT * FROM clicks")}
    assert [rates[row["click_id"]] for row in printed] == [500, 1000, 500]


def test_a_number_may_be_written_as_people_write_it(
    world: World, shop: Shop, tmp_path: Path
) -> None:
    assert imported(world, tmp_path, f"shop,8 (900) 000-00-01,{day(0).isoformat()}").exit_code == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nowhere,+79000000001,2010-12-01T00:00:00+03:00", "line 3: no shop is called 'nowhere'"),
        ("shop,+79009999999,2010-12-01T00:00:00+03:00", "line 3: no member has the number"),
        ("shop,12,2010-12-01T00:00:00+03:00", "line 3: phone: '12'"),
        ("shop,+79000000001,2010-12-01T00:00:00", "line 3: clicked_at needs an offset"),
        ("shop,+79000000001,yesterday", "line 3: clicked_at is not"),
        ("shop,+79000000001,", "line 3: clicked_at is empty"),
    ],
)
def test_a_fault_is_told_by_its_line_and_nothing_is_taken(
    world: World, shop: Shop, tmp_path: Path, line: str, said: str
) -> None:
    result = imported(world, tmp_path, f"shop,{PHONE},{day(0).isoformat()}", line)
    assert isinstance(result.exception, FileInvalid), result.exception
    assert result.exception.detail.startswith(said)
    assert world.query("SELECT FROM clicks") == []


def test_before_its_first_offer_a_shop_promised_nothing(
    world: World, shop: Shop, tmp_path: Path
) -> None:
    result = imported(world, tmp_path, f"shop,{PHONE},{day(-11).isoformat()}")
    assert isinstance(result.exception, NothingPromised)
    assert world.query("SELECT FROM clicks") == []


def test_click_ids_cannot_be_guessed(world: World, shop: Shop) -> None:
    (member,) = [row.id for row in world.query("SELECT id FROM members")]
    ids = world.clicks([member] * 50, shop)
    assert len(set(ids)) == 50
    assert all(one.startswith("clk_") and len(one) >= 4 + 22 for one in ids)
