"""The catalogue is remembered, and is true all the same: offers that begin, shops that leave."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from partners.catalogue.keeper import Keeper
from partners.catalogue.shelves import Shelves, Wanted
from partners.credentials.service import issue
from partners.shops.rules import ShopStatus
from partners.shops.service import change_the_door, ids_by_slug, upsert
from tests.events import day
from tests.partners.catalogue.shelf import Shelf, card, soon
from tests.world import World
from tracker.kit.database import unit_of_work
from tracker.kit.runtime import Runtime
from tracker.members.rules import Language


def percent(shelf: Shelf, slug: str) -> str:
    told: str = shelf.ask(f"/{slug}")["cashback_percent"]
    return told


@contextmanager
def counted(tools: Runtime) -> Iterator[list[str]]:
    """The statements that the database is sent meanwhile."""
    sent: list[str] = []

    def note(*told: object) -> None:
        sent.append(str(told[2]))

    event.listen(tools.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(tools.engine, "before_cursor_execute", note)


def test_an_offer_holds_from_its_moment_on_without_a_question(shelf: Shelf) -> None:
    shelf.put("tea", percent=500)
    shelf.put("tea", percent=800, since=3)
    shelf.put("new", percent=300, since=3)
    assert (percent(shelf, "tea"), shelf.slugs()) == ("5.00", ["tea"])
    shelf.clock.moment = day(2.999999)
    assert (percent(shelf, "tea"), shelf.slugs()) == ("5.00", ["tea"])
    shelf.clock.moment = day(3)
    assert percent(shelf, "tea") == "8.00"
    assert shelf.slugs() == ["new", "tea"]
    shelf.clock.moment = day(2)
    assert percent(shelf, "tea") == "5.00"


def test_what_changes_is_seen_soon_and_nothing_is_restarted(shelf: Shelf) -> None:
    shelf.put("tea", "Чай")
    tag = shelf.response().headers["ETag"]
    shelf.put("tea", "Чайная", percent=900)
    assert soon(lambda: percent(shelf, "tea") == "9.00")
    assert shelf.ask("/tea")["name"] == "Чайная"
    assert shelf.response().headers["ETag"] != tag
    shelf.put("coffee")
    assert soon(lambda: shelf.slugs() == ["coffee", "tea"])
    with unit_of_work(shelf.tools.engine) as session:
        upsert(session, [card("tea", status=ShopStatus.LEFT)])
    assert soon(lambda: shelf.slugs() == ["coffee"])
    assert shelf.response("/tea").status_code == 404
    assert shelf.slugs(q="чайная") == []


def test_between_two_looks_the_database_is_not_asked(shelf: Shelf) -> None:
    shelf.put("tea")
    shelf.ask()
    with counted(shelf.tools) as sent:
        for _ in range(20):
            shelf.ask(q="tea")
            shelf.ask("/tea")
            shelf.ask("/sections")
    assert len(sent) <= 2, sent
    assert all("catalogue_version" in one for one in sent)


def version(world: World) -> int:
    number: int = world.query("SELECT version FROM catalogue_version")[0].version
    return number


def test_the_version_grows_once_with_each_change_and_with_nothing_else(world: World) -> None:
    before = version(world)
    with unit_of_work(world.tools.engine) as session:
        upsert(session, [card(f"shop-{number}") for number in range(20)])
    assert version(world) == before + 1
    with unit_of_work(world.tools.engine) as session:
        upsert(session, [card(f"shop-{number}") for number in range(20)])
        shop_id = ids_by_slug(session, ["shop-1"])["shop-1"]
        issue(session, world.tools.settings.keys, shop_id)
        change_the_door(session, shop_id)
    assert version(world) == before + 1
    for name in ("Чай", "Чай", "Кофе"):
        with unit_of_work(world.tools.engine) as session:
            upsert(session, [card("shop-1", name)])
    assert version(world) == before + 3
    world.shop("one-more")
    assert version(world) == before + 4


def test_a_change_that_is_taken_back_is_none(world: World) -> None:
    before = version(world)
    with Session(world.tools.engine) as session:
        upsert(session, [card("tea")])
        session.rollback()
    assert version(world) == before


def test_the_application_cannot_set_the_version(world: World) -> None:
    with pytest.raises(Exception, match="permission denied"):
        world.change("UPDATE catalogue_version SET version = 0")
    world.shop("tea")
    before = version(world)
    world.change_as_owner("UPDATE shops SET name = 'Чай'")
    assert version(world) == before + 1


def test_imports_at_the_same_time_wait_for_none_in_a_circle(world: World) -> None:
    """Each locks its shops in their order, and the version, which all share, behind all shops."""
    before = version(world)
    ready = threading.Barrier(4)

    def import_all(number: int) -> None:
        ready.wait()
        for turn in range(5):
            with unit_of_work(world.tools.engine) as session:
                name = f"{number} {turn}"
                upsert(session, [card(f"shop-{one}", name) for one in range(30)])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(import_all, range(4)))
    assert version(world) == before + 20


def test_sixteen_threads_see_one_catalogue_after_the_other(shelf: Shelf) -> None:
    """Each page is of one moment: all shops have the same percent, and it never goes back."""
    count, threads = 40, 16
    keeper = Keeper(shelf.tools.engine, fresh=0.0)
    is_over = threading.Event()

    def change() -> None:
        for bp in range(100, 1_100, 50):
            with unit_of_work(shelf.tools.engine) as session:
                ids = upsert(session, [card(f"shop-{one:02d}", str(bp)) for one in range(count)])
                assert len(ids) == count
        is_over.set()

    def look(_: int) -> list[bytes]:
        seen: list[bytes] = []
        while not is_over.wait(0.01):  # or who changes it gets no turn
            page = keeper.at(shelf.clock.now()).page(Wanted(Language.RU), after=None, limit=200)
            if not seen or seen[-1] != page:
                seen.append(page)
        return seen

    for one in range(count):
        shelf.put(f"shop-{one:02d}", "100")
    with ThreadPoolExecutor(threads + 1) as pool:
        changing = pool.submit(change)
        looks = [pool.submit(look, number) for number in range(threads)]
        changing.result()
        for seen in (one.result() for one in looks):
            names = [{part.split(b'"')[1] for part in page.split(b'"name"')[1:]} for page in seen]
            assert all(len(one) == 1 for one in names)
            order = [int(one.pop()) for one in names]
            assert order == sorted(order)


class _Away:
    """Lets no connection through while it is told so."""

    def __init__(self) -> None:
        self.is_away = False

    def __call__(self, *_: object) -> None:
        if self.is_away:
            raise OperationalError("no", None, Exception("away"))


def test_while_the_database_is_away_what_is_remembered_is_shown(shelf: Shelf) -> None:
    away = _Away()
    shelf.put("tea")
    keeper = Keeper(shelf.tools.engine, fresh=0.0)
    known = keeper.at(day(0))
    event.listen(shelf.tools.engine, "before_cursor_execute", away)
    try:
        away.is_away = True
        assert keeper.at(day(0)) is known
        with pytest.raises(OperationalError):
            Keeper(shelf.tools.engine).at(day(0))
        away.is_away = False
        assert keeper.at(day(0)) is known
    finally:
        event.remove(shelf.tools.engine, "before_cursor_execute", away)


def test_nobody_waits_for_the_one_who_looks(shelf: Shelf) -> None:
    shelf.put("tea")
    keeper = Keeper(shelf.tools.engine, fresh=0.0)
    known = keeper.at(day(0))
    begun, go_on = threading.Event(), threading.Event()

    def hold_up(*_: object) -> None:
        begun.set()
        assert go_on.wait(20)

    event.listen(shelf.tools.engine, "before_cursor_execute", hold_up)
    try:
        with ThreadPoolExecutor(1) as pool:
            looking = pool.submit(keeper.at, day(0))
            assert begun.wait(20)
            seen: list[Shelves] = [keeper.at(day(0)) for _ in range(3)]
            go_on.set()
            assert looking.result() is known
        assert all(one is known for one in seen)
    finally:
        event.remove(shelf.tools.engine, "before_cursor_execute", hold_up)
