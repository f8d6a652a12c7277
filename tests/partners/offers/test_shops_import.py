"""`tracker shops import`: all of a file or none of it, and every fault by its line and column."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from partners.offers.cli import import_shops, list_shops
from partners.offers.rules import COLUMNS
from tests.world import World, day
from tracker.kit.csvfiles import FileInvalid

GOOD = {
    "slug": "tea-house",
    "name": "Чайный дом",
    "section": "online-shops",
    "subsection": "Food",
    "site_url": "https://tea-house.example/",
    "link_template": "https://tea-house.example/?from={click_id}",
    "hold_days": "30",
    "on_hold_end": "confirm",
    "cashback_percent": "7.5",
    "commission_percent": "9",
    "status": "active",
}


def import_rows(world: World, folder: Path, *rows: dict[str, str], as_of: float = 0) -> Result:
    """What the command does with a file of rows, each the good one but for what it says."""
    path = folder / "shops.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(GOOD | row for row in rows)
    arguments = [str(path), "--as-of", day(as_of).isoformat(), "--json"]
    return CliRunner().invoke(import_shops, arguments, obj=lambda: world.tools)


def done(result: Result) -> Any:
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.output)


def refused(world: World, folder: Path, *rows: dict[str, str]) -> FileInvalid:
    """Why a file was refused; nothing of it is taken."""
    result = import_rows(world, folder, *rows)
    assert isinstance(result.exception, FileInvalid), result.exception
    assert world.query("SELECT FROM shops") == []
    assert world.query("SELECT FROM offers") == []
    return result.exception


def test_a_shop_is_as_its_row_says(world: World, tmp_path: Path) -> None:
    assert done(import_rows(world, tmp_path, {})) == {"rows": 1, "shops": 1, "new_terms": 1}
    (shop,) = world.query("SELECT * FROM shops JOIN offers ON shop_id = shops.id")
    assert {name: str(getattr(shop, name)) for name in GOOD if hasattr(shop, name)} == {
        name: value for name, value in GOOD.items() if not name.endswith("percent")
    }
    assert (shop.cashback_bp, shop.commission_bp, shop.valid_from) == (750, 900, day(0))


def test_a_file_taken_twice_changes_nothing(world: World, tmp_path: Path) -> None:
    done(import_rows(world, tmp_path, {}))
    before = world.query("SELECT * FROM shops, offers")
    assert done(import_rows(world, tmp_path, {}, as_of=5))["new_terms"] == 0
    assert world.query("SELECT * FROM shops, offers") == before


def test_what_a_row_changes_is_changed(world: World, tmp_path: Path) -> None:
    done(import_rows(world, tmp_path, {}))
    changed = {"name": "Tea", "section": "Retail shops", "status": "left", "cashback_percent": "5"}
    assert done(import_rows(world, tmp_path, changed, as_of=5))["new_terms"] == 1
    (shop,) = world.query("SELECT * FROM shops")
    assert (shop.name, shop.section, shop.status) == ("Tea", "retail", "left")
    rates = world.query("SELECT cashback_bp FROM offers ORDER BY valid_from")
    assert [row.cashback_bp for row in rates] == [750, 500]


FAULTS = [
    ("slug", "Tea House"),
    ("slug", "-tea"),
    ("slug", "t" * 65),
    ("name", "x" * 201),
    ("section", "groceries"),
    ("subsection", "x" * 201),
    ("site_url", "tea-house.example"),
    ("site_url", "javascript:alert(1)"),
    ("site_url", "https://user@tea-house.example/"),
    ("link_template", "https://tea-house.example/"),
    ("link_template", "https://{click_id}.example/"),
    ("link_template", "ftp://tea-house.example/{click_id}"),
    ("link_template", "https://tea-house.example/{click_id}/{phone}"),
    ("link_template", "https://user@tea-house.example/{click_id}"),
    ("link_template", "https://tea-house.example\\@evil.example/{click_id}"),
    ("hold_days", "91"),
    ("hold_days", "-1"),
    ("hold_days", "30.0"),
    ("hold_days", "٣"),
    ("on_hold_end", "perhaps"),
    ("cashback_percent", "50.01"),
    ("cashback_percent", "7.125"),
    ("cashback_percent", "7,5"),
    ("cashback_percent", "-1"),
    ("cashback_percent", "NaN"),
    ("commission_percent", "100.01"),
    ("commission_percent", "1e1"),
    ("status", "gone"),
]


def test_a_fault_is_told_by_line_and_column(world: World, tmp_path: Path) -> None:
    for column, value in FAULTS:
        error = refused(world, tmp_path, {}, {"slug": "other", column: value})
        assert error.detail.startswith("line 3: "), (column, value)
        assert list(error.fields) == [column], (column, value)
        assert error.fields[column]


def test_all_faults_of_a_row_are_told_at_once(world: World, tmp_path: Path) -> None:
    wrong = {
        "slug": "Tea House",
        "name": "",
        "section": "groceries",
        "subsection": "",
        "site_url": "tea",
        "link_template": "tea",
        "hold_days": "91",
        "on_hold_end": "",
        "cashback_percent": "51",
        "commission_percent": "101",
        "status": "gone",
    }
    error = refused(world, tmp_path, {}, wrong)
    assert error.detail.startswith("line 3: ")
    assert sorted(error.fields) == sorted(COLUMNS)


def test_a_file_does_not_say_two_things_of_one_shop(world: World, tmp_path: Path) -> None:
    error = refused(world, tmp_path, {}, {"slug": "other"}, {"cashback_percent": "9"})
    assert error.detail == "line 4: the slug 'tea-house' stands in line 2 already"


def test_a_wrong_word_is_answered_with_the_right_ones(world: World, tmp_path: Path) -> None:
    error = refused(world, tmp_path, {"status": "gone", "on_hold_end": "perhaps"})
    assert error.fields == {
        "status": "one of active, left is expected",
        "on_hold_end": "one of confirm, reject, wait_for_staff is expected",
    }


def test_no_column_may_be_missing(world: World, tmp_path: Path) -> None:
    path = tmp_path / "shops.csv"
    for column in COLUMNS:
        path.write_text(",".join(name for name in COLUMNS if name != column) + "\n")
        result = CliRunner().invoke(import_shops, [str(path)], obj=lambda: world.tools)
        assert isinstance(result.exception, FileInvalid)
        assert result.exception.detail == f"line 1: no column {column}"


def test_the_ceiling_of_cashback_is_half_of_the_sum_paid(world: World, tmp_path: Path) -> None:
    rows = [
        {"slug": f"shop-{place}", "cashback_percent": percent}
        for place, percent in enumerate(("0", "50", "49.99"))
    ]
    done(import_rows(world, tmp_path, *rows))
    offers = world.query("SELECT cashback_bp FROM offers ORDER BY shop_id")
    assert [row.cashback_bp for row in offers] == [0, 5_000, 4_999]


def test_new_terms_are_audited_and_the_same_again_are_not(world: World, tmp_path: Path) -> None:
    assert import_rows(world, tmp_path, {}).exit_code == 0
    assert import_rows(world, tmp_path, {}, as_of=1).exit_code == 0
    assert import_rows(world, tmp_path, {"cashback_percent": "8"}, as_of=2).exit_code == 0
    acts = world.query("SELECT * FROM audit_entries ORDER BY id")
    assert [(act.action, act.subject) for act in acts] == [("shop.terms", "shop:tea-house")] * 2
    assert (acts[0].before, acts[0].after["cashback_bp"]) == (None, 750)
    assert (acts[1].before["cashback_bp"], acts[1].after["cashback_bp"]) == (750, 800)


def test_the_list_tells_a_shop_by_its_number(world: World, tmp_path: Path) -> None:
    import_rows(world, tmp_path, {})
    done = CliRunner().invoke(list_shops, ["--json"], obj=lambda: world.tools)
    (shop,) = json.loads(done.stdout)
    assert (shop["slug"], shop["status"]) == ("tea-house", "active")
    assert world.query("SELECT id FROM shops")[0].id == shop["id"]


def test_terms_hold_from_the_beginning_of_the_second(world: World, tmp_path: Path) -> None:
    import_rows(world, tmp_path, {}, as_of=0.000001)
    (offer,) = world.query("SELECT valid_from FROM offers")
    assert offer.valid_from.microsecond == 0


@pytest.mark.parametrize("column", COLUMNS)
def test_a_nul_is_a_fault_wherever_it_stands(world: World, tmp_path: Path, column: str) -> None:
    refused(world, tmp_path, {column: GOOD[column] + "\0x"})
