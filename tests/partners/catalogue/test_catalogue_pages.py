"""Pages have no gaps and no repeats; what has not changed is not sent again."""

import time

import pytest
from werkzeug.test import Client

import wsgi
from partners.shops.rules import Section, ShopStatus
from partners.shops.service import upsert
from tests.doors import Carried
from tests.partners.catalogue.shelf import URL, Shelf, card, soon
from tracker.kit.database import unit_of_work


@pytest.mark.parametrize("query", [{}, {"sort": "cashback"}, {"q": "магазин"}, {"language": "en"}])
def test_pages_make_the_whole(shelf: Shelf, query: dict[str, str]) -> None:
    shelf.put_many(50)
    whole = shelf.slugs(limit=200, **query)
    assert len(set(whole)) == 50
    for limit in (1, 7, 25, 50):
        pages = list(shelf.pages(limit=limit, **query))
        assert [slug for page in pages for slug in page] == whole
        assert all(len(page) == limit for page in pages[:-1])
    assert shelf.ask(limit=1, **query)["count"] == 50


def test_who_turns_pages_misses_nobody_while_shops_come_and_go(shelf: Shelf) -> None:
    shelf.put_many(30)
    names = shelf.slugs(limit=200)
    first = shelf.ask(limit=10)
    with unit_of_work(shelf.tools.engine) as session:
        # The last of the first page leaves, and somebody comes before it.
        upsert(session, [card(names[9], status=ShopStatus.LEFT)])
    shelf.put("first", "Аааа")
    assert soon(lambda: shelf.slugs()[0] == "first")
    rest = shelf.slugs(limit=200, cursor=first["next"])
    assert rest == names[10:]


def test_a_cursor_of_another_question_is_harmless(shelf: Shelf) -> None:
    shelf.put_many(5)
    cursor = shelf.ask(limit=2)["next"]
    for query in ({"sort": "cashback"}, {"q": "магазин"}, {"section": "travel"}):
        assert shelf.response(cursor=cursor, **query).status_code == 200


def test_what_is_known_is_not_sent_again(shelf: Shelf) -> None:
    shelf.put("tea", "Чай", name_en="Tea")
    for path in ("", "/tea", "/sections"):
        first = shelf.response(path)
        tag = first.headers["ETag"]
        assert tag.startswith('"')
        assert first.headers["Cache-Control"] == "public, max-age=10"
        assert first.headers["Content-Language"] == "ru"
        for told in (tag, f'"other", {tag}', f"W/{tag}", "*"):
            again = shelf.response(path, {"If-None-Match": told})
            assert (again.status_code, again.data) == (304, b"")
            assert again.headers["ETag"] == tag
            assert again.headers["Cache-Control"] == "public, max-age=10"
            assert "Content-Type" not in again.headers
        for told in ('"other"', "", "\x80", '"'):
            assert shelf.response(path, {"If-None-Match": told}).status_code == 200


def test_the_event_loop_says_the_same(shelf: Shelf) -> None:
    shelf.put("tea", "Чай")
    client = Client(Carried(wsgi.build_loop(shelf.tools)))
    ours, theirs = shelf.response("", None, q="чай"), client.get(URL, query_string={"q": "чай"})
    assert (theirs.status_code, theirs.data) == (200, ours.data)
    told = {"If-None-Match": theirs.headers["ETag"]}
    again = client.get(URL, query_string={"q": "чай"}, headers=told)
    assert (again.status_code, again.data) == (304, b"")
    assert {name: again.headers[name] for name in ("ETag", "Cache-Control", "Vary")} == {
        name: ours.headers[name] for name in ("ETag", "Cache-Control", "Vary")
    }


def test_each_answer_has_a_tag_of_its_own(shelf: Shelf) -> None:
    shelf.put("a", "Чай", percent=200)
    shelf.put("b", "Кофе", percent=100)
    asked = [("language", one) for one in ("ru", "uk", "en")]
    asked += [("sort", "cashback"), ("limit", "1"), ("q", "чай"), ("section", "travel")]
    tags = [shelf.response(**{name: value}).headers["ETag"] for name, value in asked]
    assert len(set(tags)) == len(tags)
    assert shelf.response(language="en").headers["ETag"] == tags[2]


def test_the_tag_is_the_same_in_every_process(shelf: Shelf) -> None:
    shelf.put_many(20)
    other = wsgi.build_app(shelf.tools).test_client().get(URL)
    assert shelf.response().headers["ETag"] == other.headers["ETag"]


def test_caches_are_told_what_an_answer_depends_on(shelf: Shelf) -> None:
    shelf.put("tea")
    for path in ("", "/tea", "/sections"):
        assert shelf.response(path).headers["Vary"] == "Accept-Language"
        assert "Vary" not in shelf.response(path, language="en").headers
    tag = shelf.response("/tea").headers["ETag"]
    again = shelf.response("/tea", {"If-None-Match": tag})
    assert again.headers["Vary"] == "Accept-Language"
    assert shelf.response("/nobody").headers["Cache-Control"] == "no-store"
    assert shelf.response(limit=0).headers["Cache-Control"] == "no-store"


def test_ten_thousand_shops_are_listed_searched_and_turned_over(shelf: Shelf) -> None:
    shelf.put_many(10_000, Section.RETAIL)
    assert shelf.ask()["count"] == 10_000
    assert shelf.ask(q="магазин 07919")["count"] == 1
    assert shelf.ask(q="07919 magazin")["count"] == 1
    assert shelf.ask(section="retail", sort="cashback")["count"] == 10_000
    (retail,) = [one for one in shelf.ask("/sections")["items"] if one["slug"] == "retail"]
    assert retail["shops"] == 10_000
    seen = [slug for page in shelf.pages(limit=200) for slug in page]
    assert len(set(seen)) == len(seen) == 10_000
    began = time.perf_counter()
    for _ in range(100):
        shelf.ask(limit=20)
    assert (time.perf_counter() - began) / 100 < 0.05, "a page does not grow with the catalogue"
