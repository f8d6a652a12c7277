"""What members see of shops, through HTTP."""

from decimal import Decimal
from typing import Any

import pytest

from partners.catalogue.schemas import CataloguePage, SectionsShown, ShopShown
from partners.catalogue.titles import SECTIONS
from partners.shops.rules import Section, ShopStatus
from tests.events import day
from tests.partners.catalogue.shelf import Shelf
from tracker.members.rules import Language


def test_a_shop_is_shown_with_what_it_promises_now(shelf: Shelf) -> None:
    shelf.put("tea", "Чайный дом", name_uk="Чайний дім", name_en="Tea House", percent=750, days=14)
    shown = {
        "slug": "tea",
        "name": "Чайный дом",
        "section": "services",
        "subsection": "delivery",
        "site_url": "https://tea.example/",
        "cashback_percent": "7.50",
        "expected_confirmation": {"days": 14, "policy": "confirm"},
        "go": "/go/tea",
    }
    assert shelf.ask("/tea") == shown
    assert shelf.ask() == {"items": [shown], "next": None, "count": 1}


def test_what_it_pays_us_is_nowhere(shelf: Shelf) -> None:
    shelf.put("tea", percent=725)
    for path in ("", "/tea", "/sections"):
        text = shelf.response(path).text
        assert "commission" not in text
        assert "8.25" not in text
        assert "click_id" not in text


def test_nobody_has_to_sign_in_and_no_cookie_is_set(shelf: Shelf) -> None:
    response = shelf.response()
    assert response.status_code == 200
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("asked", "accepted", "name"),
    [
        ({}, None, "Чайный дом"),
        ({"language": "ru"}, "en", "Чайный дом"),
        ({"language": "uk"}, None, "Чайний дім"),
        ({"language": "en"}, "uk", "Tea House"),
        ({}, "uk-UA,uk;q=0.9,en;q=0.5", "Чайний дім"),
        ({}, "de-DE,en;q=0.5", "Tea House"),
        ({}, "de-DE", "Чайный дом"),
        ({}, "*", "Чайный дом"),
        ({}, ";;q=,,=\x80", "Чайный дом"),
    ],
)
def test_the_name_is_in_the_language_asked_for(
    shelf: Shelf, asked: dict[str, str], accepted: str | None, name: str
) -> None:
    shelf.put("tea", "Чайный дом", name_uk="Чайний дім", name_en="Tea House")
    headers = {"Accept-Language": accepted} if accepted else None
    assert shelf.ask("/tea", headers, **asked)["name"] == name
    assert shelf.ask("", headers, **asked)["items"][0]["name"] == name


def test_without_another_name_it_is_the_name_as_it_is(shelf: Shelf) -> None:
    shelf.put("tea", "Чайный дом", name_en="")
    assert {shelf.ask("/tea", language=one)["name"] for one in Language} == {"Чайный дом"}


def test_who_left_or_promises_nothing_is_not_shown(shelf: Shelf) -> None:
    shelf.put("tea")
    shelf.put("gone", status=ShopStatus.LEFT)
    shelf.put("later", since=5)
    assert shelf.slugs() == ["tea"]
    for slug in ("gone", "later", "nobody", "\x00", "a" * 5_000, "%ed%a0%80"):
        response = shelf.response(f"/{slug}")
        assert response.status_code == 404, slug
        assert response.get_json()["code"] == "shop_not_found"
    counts = {one["slug"]: one["shops"] for one in shelf.ask("/sections")["items"]}
    assert counts["services"] == 1


def test_an_address_that_is_none_of_the_web_is_not_shown(shelf: Shelf) -> None:
    for slug, address in (("a", "javascript:alert(1)"), ("b", "https://[b/"), ("c", "//c")):
        shelf.put(slug, site_url=address)
    assert [shop["site_url"] for shop in shelf.ask()["items"]] == [None] * 3


def test_shops_are_filtered_by_section_and_subsection(shelf: Shelf) -> None:
    shelf.put("a", section=Section.TRAVEL, subsection="hotels")
    shelf.put("b", section=Section.TRAVEL, subsection="tours")
    shelf.put("c", section=Section.RETAIL, subsection="hotels")
    assert shelf.slugs(section="travel") == ["a", "b"]
    assert shelf.slugs(subsection="hotels") == ["a", "c"]
    assert shelf.slugs(section="travel", subsection="hotels") == ["a"]
    assert shelf.slugs(section="travel", q="b") == ["b"]
    assert shelf.slugs(section="leisure") == []
    assert shelf.slugs(subsection="no such") == []


def test_the_six_sections_are_told_in_three_languages(shelf: Shelf) -> None:
    shelf.put("a", section=Section.TRAVEL, subsection="hotels")
    shelf.put("b", section=Section.TRAVEL, subsection="hotels")
    shelf.put("c", section=Section.TRAVEL, subsection="Дачи у моря")
    told = shelf.ask("/sections", language="uk")["items"]
    assert [one["slug"] for one in told] == list(SECTIONS)
    assert len(told) == 6
    assert all(all(one["names"][language] for language in Language) for one in told)
    (travel,) = [one for one in told if one["slug"] == "travel"]
    own = dict.fromkeys(Language, "Дачи у моря")
    hotels = {"ru": "Отели", "uk": "Готелі", "en": "Hotels"}
    assert travel == {
        "slug": "travel",
        "name": "Подорожі",
        "names": {"ru": "Путешествия", "uk": "Подорожі", "en": "Travel"},
        "shops": 3,
        "subsections": [
            {"slug": "hotels", "name": "Готелі", "names": hotels, "shops": 2},
            {"slug": "Дачи у моря", "name": "Дачи у моря", "names": own, "shops": 1},
        ],
    }


def test_every_section_of_the_programme_has_its_names() -> None:
    assert list(SECTIONS) == list(Section)
    assert all(set(titles) == set(Language) for titles in SECTIONS.values())


def test_shops_come_by_name_in_the_language_or_the_highest_percent_first(shelf: Shelf) -> None:
    shelf.put("a", "Яблоко", name_en="Apple", percent=500)
    shelf.put("b", "ёжик", name_en="Hedgehog", percent=1500)
    shelf.put("c", "Елена", name_en="Zoo", percent=500)
    assert shelf.slugs() == ["b", "c", "a"]
    assert shelf.slugs(language="en") == ["a", "b", "c"]
    assert shelf.slugs(sort="cashback") == ["b", "c", "a"]
    assert shelf.slugs(sort="cashback", language="en") == ["b", "a", "c"]


def test_what_answers_a_search_best_comes_first(shelf: Shelf) -> None:
    shelf.put("inside", "Авточайка", percent=5000)
    shelf.put("words", "Мой чай")
    shelf.put("begins", "Чайный дом")
    shelf.put("exact", "Чай")
    shelf.put("other", "Кофе")
    for typed in ("чай", "ЧАЙ", "chai", "Chay", "чаи"):
        assert shelf.slugs(q=typed) == ["exact", "begins", "words", "inside"], typed
    assert shelf.slugs(q="чай", sort="cashback")[0] == "inside"
    assert shelf.slugs(q="чай", limit=2) == ["exact", "begins"]
    assert list(shelf.pages(q="чай", limit=3))[1] == ["inside"]
    assert shelf.ask(q="чай", limit=1)["count"] == 4


def test_a_shop_is_found_by_each_of_its_names(shelf: Shelf) -> None:
    shelf.put("tea", "Чайный дом", name_uk="Оселя чаю", name_en="Tea House")
    for typed in ("чайный", "chainyi dom", "оселя", "oselia", "tea", "теа хоусе", "TEA-HOUSE"):
        for language in Language:
            assert shelf.slugs(q=typed, language=language) == ["tea"], typed
    assert shelf.slugs(q="coffee") == []
    assert shelf.slugs(q="  ") == ["tea"]


@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("q", {"q": "a\0b"}),
        ("q", {"q": "a\nb"}),
        ("q", {"q": "x" * 201}),
        ("q", {"q": "ы" * 5_000}),
        ("section", {"section": "groceries"}),
        ("subsection", {"subsection": "x" * 201}),
        ("language", {"language": "de"}),
        ("language", {"language": "RU"}),
        ("sort", {"sort": "commission"}),
        ("limit", {"limit": 0}),
        ("limit", {"limit": 201}),
        ("limit", {"limit": "9" * 5_000}),
        ("limit", {"limit": "many"}),
        ("cursor", {"cursor": "x"}),
        ("cursor", {"cursor": ""}),
        ("cursor", {"cursor": "W10"}),
        ("cursor", {"cursor": "WzEsIDIsICIzIl0"}),
        ("cursor", {"cursor": "W3RydWUsImEiLCJiIl0"}),
        ("cursor", {"cursor": "W1tbW1tbW1tbW1tbW1tb" * 90}),
        ("cursor", {"cursor": "/w"}),
        ("cursor", {"cursor": "ы"}),
        ("cursor", {"cursor": "x" * 10_000}),
    ],
)
def test_what_cannot_be_asked_is_told(shelf: Shelf, field: str, query: dict[str, Any]) -> None:
    response = shelf.response(**query)
    assert response.status_code == 422
    assert response.mimetype == "application/problem+json"
    assert [one["field"] for one in response.get_json()["errors"]] == [field]


@pytest.mark.parametrize("raw", ["q=%00", "q=%ed%a0%80", "q=%ff%fe", "q=%F0%9F%98%80", "q=%", "q"])
def test_no_bytes_break_a_search(shelf: Shelf, raw: str) -> None:
    shelf.put("tea")
    response = shelf.client.get(f"/api/v1/catalogue?{raw}")
    assert response.status_code in (200, 422)
    assert shelf.response(q="tea\ud800".encode("utf-8", "surrogatepass")).status_code == 200


def test_other_methods_and_addresses_are_none(shelf: Shelf) -> None:
    assert shelf.client.post("/api/v1/catalogue").status_code == 405
    assert shelf.client.get("/api/v1/catalogue/a/b").status_code == 404
    assert shelf.client.head("/api/v1/catalogue").status_code == 200


def test_what_is_shown_is_what_the_api_document_says(shelf: Shelf) -> None:
    shelf.put("tea", percent=5000)
    for path, schema in (("", CataloguePage), ("/sections", SectionsShown), ("/tea", ShopShown)):
        told = shelf.ask(path)
        assert schema().validate(told) == {}
    assert Decimal(shelf.ask("/tea")["cashback_percent"]) == 50
    assert shelf.ask("/tea").keys() == ShopShown().fields.keys()
    shelf.clock.moment = day(1)
    assert shelf.slugs() == ["tea"]
