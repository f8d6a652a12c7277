"""The sample catalogue that ships is the one the script makes, and keeps the programme's limits."""

import csv
import re
from collections import defaultdict
from decimal import Decimal

import pytest

from partners.catalogue.spelling import forms
from partners.catalogue.titles import SECTIONS as SHOWN
from partners.catalogue.titles import subsection_titles
from partners.shops.rules import Section as Shelf
from sandbox.catalogue import SHOPS_CSV
from sandbox.catalogue.sections import SECTIONS
from sandbox.catalogue.shelves import sample_shops
from sandbox.catalogue.shop_rows import csv_text
from tracker.members.rules import Language

Row = dict[str, str]
COLUMNS = (
    "slug,name,section,subsection,site_url,link_template,hold_days,on_hold_end,"
    "cashback_percent,commission_percent,status,name_uk,name_en"
)


@pytest.fixture(scope="module")
def shipped() -> list[Row]:
    with SHOPS_CSV.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_file_is_what_the_script_makes() -> None:
    assert SHOPS_CSV.read_text(encoding="utf-8") == csv_text(sample_shops())


def test_it_has_the_columns_of_a_shops_import() -> None:
    assert csv_text([]) == COLUMNS + "\n"


def test_there_are_660_shops_with_slugs_and_names_of_their_own(shipped: list[Row]) -> None:
    assert len(shipped) == 660
    assert len({shop["slug"] for shop in shipped}) == 660
    assert len({shop["name"] for shop in shipped}) == 660
    assert all(re.fullmatch("[a-z]{4,40}", shop["slug"]) for shop in shipped)


def test_every_section_has_its_shelves_filled(shipped: list[Row]) -> None:
    shelves: defaultdict[str, set[str]] = defaultdict(set)
    for shop in shipped:
        shelves[shop["section"]].add(shop["subsection"])
    assert shelves == {
        section.slug: {subsection.slug for subsection in section.subsections}
        for section in SECTIONS
    }
    assert len(shelves) == 6
    assert all(len(subsections) >= 3 for subsections in shelves.values())


def test_links_lead_nowhere_real_and_carry_the_click(shipped: list[Row]) -> None:
    for shop in shipped:
        assert shop["site_url"] == f"https://{shop['slug']}.example/"
        assert shop["link_template"].startswith(shop["site_url"])
        assert shop["link_template"].count("{click_id}") == 1


def test_terms_are_within_the_programme(shipped: list[Row]) -> None:
    for shop in shipped:
        assert 1 <= int(shop["hold_days"]) <= 90
        assert shop["on_hold_end"] in {"confirm", "reject", "wait_for_staff"}
        assert shop["status"] in {"active", "left"}
        for column in ("cashback_percent", "commission_percent"):
            assert re.fullmatch(r"\d{1,2}(\.\d{1,2})?", shop[column])
        assert 0 < Decimal(shop["cashback_percent"]) <= 50


def test_most_shops_are_ordinary_and_a_few_are_not(shipped: list[Row]) -> None:
    def count(column: str, value: str) -> int:
        return sum(shop[column] == value for shop in shipped)

    cashback = [Decimal(shop["cashback_percent"]) for shop in shipped]
    paid_for = [
        Decimal(shop["commission_percent"]) >= rate
        for shop, rate in zip(shipped, cashback, strict=True)
    ]
    assert 0 < count("status", "left") < 30
    assert 500 < count("on_hold_end", "confirm") < 660
    assert count("on_hold_end", "reject") > 0
    assert count("on_hold_end", "wait_for_staff") > 0
    assert count("hold_days", "1") > 0
    assert sum(rate <= 15 for rate in cashback) > 550
    assert max(cashback) > 40
    assert 600 < sum(paid_for) < 660


def test_some_shops_are_called_otherwise_in_other_languages(shipped: list[Row]) -> None:
    named = [shop for shop in shipped if shop["name_uk"] or shop["name_en"]]
    assert 300 < len(named) < 600
    for column, letters in (("name_uk", "А-ЯІЇЄҐ"), ("name_en", "A-Z")):
        names = [shop[column] for shop in shipped if shop[column]]
        assert len(set(names)) == len(names) > 150
        assert all(re.match(f"[{letters}]", name) for name in names)
    for shop in shipped:
        assert shop["name"] not in (shop["name_uk"], shop["name_en"])


def test_however_it_is_called_it_sounds_like_its_slug(shipped: list[Row]) -> None:
    for shop in shipped:
        for name in filter(None, (shop["name"], shop["name_uk"], shop["name_en"])):
            assert forms(name.split()[0]) & forms(shop["slug"]), name


def test_every_shelf_has_a_name_in_three_languages() -> None:
    for section in SECTIONS:
        shown = SHOWN[Shelf(section.slug)]
        assert shown[Language.RU] == section.title
        assert shown[Language.EN] == section.title_en
        for one in section.subsections:
            assert len({*subsection_titles(one.slug).values()} - {one.slug}) >= 2, one.slug
