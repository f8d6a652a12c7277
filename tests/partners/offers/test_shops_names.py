"""`tracker shops import`: what a shop is called in other languages, where a file says so."""

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from partners.offers.cli import import_shops
from partners.offers.rules import COLUMNS, NAMES
from tests.partners.offers.test_shops_import import GOOD
from tests.world import World, day
from tracker.kit.csvfiles import FileInvalid


def import_shop(world: World, folder: Path, columns: Sequence[str], **row: str) -> Result:
    """What the command does with a file of these columns."""
    path = folder / "shops.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerow(GOOD | row)
    arguments = [str(path), "--as-of", day(0).isoformat(), "--json"]
    return CliRunner().invoke(import_shops, arguments, obj=lambda: world.tools)


def names(world: World) -> tuple[str, str | None, str | None, int]:
    """What the shop is called, and how often its row was changed."""
    (shop,) = world.query("SELECT name, name_uk, name_en, door_version FROM shops")
    return shop.name, shop.name_uk, shop.name_en, shop.door_version


def test_names_are_taken_and_an_empty_one_is_none(world: World, tmp_path: Path) -> None:
    columns = [*COLUMNS, *NAMES]
    assert import_shop(world, tmp_path, columns, name_uk="", name_en="Tea House").exit_code == 0
    assert names(world) == ("Чайный дом", None, "Tea House", 0)
    assert import_shop(world, tmp_path, columns, name_uk="Чайний", name_en="").exit_code == 0
    assert names(world) == ("Чайный дом", "Чайний", None, 1)
    assert import_shop(world, tmp_path, columns, name_uk="Чайний", name_en="").exit_code == 0
    assert names(world) == ("Чайный дом", "Чайний", None, 1)


def test_a_file_that_says_nothing_of_them_leaves_them(world: World, tmp_path: Path) -> None:
    columns = [*COLUMNS, *NAMES]
    import_shop(world, tmp_path, columns, name_uk="Чайний", name_en="Tea House")
    assert import_shop(world, tmp_path, COLUMNS, name="Чай").exit_code == 0
    assert names(world) == ("Чай", "Чайний", "Tea House", 1)
    assert import_shop(world, tmp_path, [*COLUMNS, "name_en"], name_en="").exit_code == 0
    assert names(world) == ("Чайный дом", "Чайний", None, 2)


@pytest.mark.parametrize("column", NAMES)
@pytest.mark.parametrize("value", ["x" * 201, "Чай\0"])
def test_a_name_that_is_none_is_refused(
    world: World, tmp_path: Path, column: str, value: str
) -> None:
    done = import_shop(world, tmp_path, [*COLUMNS, column], **{column: value})
    assert isinstance(done.exception, FileInvalid)
    assert list(done.exception.fields) == [column]
    assert world.query("SELECT FROM shops") == []


@pytest.mark.parametrize(
    ("column", "value"),
    [("slug", "sections"), ("name", "Чай\0"), ("site_url", "https://tea.example/a\tb")],
)
def test_neither_is_what_the_catalogue_could_not_show(
    world: World, tmp_path: Path, column: str, value: str
) -> None:
    done = import_shop(world, tmp_path, COLUMNS, **{column: value})
    assert isinstance(done.exception, FileInvalid)
    assert list(done.exception.fields) == [column]
