"""A catalogue for the tests of this room: shops with their terms, a clock that is set by hand."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from werkzeug.test import Client, TestResponse

import wsgi
from partners.offers.service import offer
from partners.shops.rules import Card, Section, ShopStatus
from partners.shops.service import upsert
from tests.events import day
from tracker.clicks.rules import OnHoldEnd, Terms
from tracker.kit.database import unit_of_work
from tracker.kit.runtime import Runtime

URL = "/api/v1/catalogue"

Headers = Mapping[str, str] | None


@dataclass(slots=True)
class HandClock:
    """Business time that is set by hand."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment

    def at(self, real: datetime) -> datetime:
        raise AssertionError(f"nobody asks for the business moment of {real}")


@dataclass(frozen=True, slots=True)
class Shelf:
    """A deployment at a business moment, and who looks at its catalogue."""

    tools: Runtime
    clock: HandClock
    client: Client

    def put(
        self,
        slug: str,
        name: str | None = None,
        *,
        percent: int = 500,
        days: int = 30,
        since: float = -1,
        **more: Any,
    ) -> None:
        """A shop with an offer (basis points) since some day of the story."""
        with unit_of_work(self.tools.engine) as session:
            shop_id = upsert(session, [card(slug, name, **more)])[slug]
            terms = Terms(percent, percent + 100, days, OnHoldEnd.CONFIRM)
            offer(session, {shop_id: terms}, day(since))

    def put_many(self, count: int, section: Section = Section.SERVICES) -> None:
        """So many shops at once."""
        cards = [
            card(f"shop-{number:05d}", f"Магазин {number * 7919 % 100_000:05d}", section=section)
            for number in range(count)
        ]
        with unit_of_work(self.tools.engine) as session:
            ids = upsert(session, cards)
            terms = Terms(500, 700, 30, OnHoldEnd.CONFIRM)
            offer(session, dict.fromkeys(ids.values(), terms), day(-1))

    def ask(self, path: str = "", headers: Headers = None, /, **query: Any) -> Any:
        """What the catalogue answers, which is 200."""
        response = self.response(path, headers, **query)
        assert response.status_code == 200, response.text
        return response.get_json()

    def response(self, path: str = "", headers: Headers = None, /, **query: Any) -> TestResponse:
        """The same with its status and headers."""
        return self.client.get(URL + path, query_string=query, headers=headers)

    def slugs(self, **query: Any) -> list[str]:
        """Of the shops on a page."""
        return [shop["slug"] for shop in self.ask(**query)["items"]]

    def pages(self, **query: Any) -> Iterator[list[str]]:
        """Slugs page by page to the end."""
        cursor: dict[str, str] = {}
        while True:
            page = self.ask(**query, **cursor)
            yield [shop["slug"] for shop in page["items"]]
            if page["next"] is None:
                return
            cursor = {"cursor": page["next"]}


def card(slug: str, name: str | None = None, **more: Any) -> Card:
    """A shop's card; what is not said is as good as anything."""
    address = f"https://{slug}.example/"
    usual = Card(
        slug,
        name or slug.title(),
        Section.SERVICES,
        "delivery",
        address,
        address + "?click={click_id}",
        ShopStatus.ACTIVE,
    )
    return replace(usual, **more)


def shelf(tools: Runtime) -> Shelf:
    """An empty catalogue on the first day of the story."""
    clock = HandClock(day(0))
    told = replace(tools, settings=replace(tools.settings, clock=clock))
    return Shelf(told, clock, wsgi.build_app(told).test_client())


def soon(is_so: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether something comes true within a time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
