"""Whoever is not let in: 401 and 404 are alike in every way but the status, and cost little."""

import hmac
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any

import pytest
from sqlalchemy.event import listen, remove

from partners.credentials.rules import Secret
from partners.credentials.service import issue, rotate
from partners.dialects.service import speak
from partners.shops.service import change_the_door
from tests.doors import both_doors, receiver
from tests.webhooks.adapters.keys import Request, every_scheme, open_by
from tests.webhooks.adapters.payloads import Payload
from tests.webhooks.letters import body, headers
from tests.world import Shop, World
from tracker.kit.clock import SystemClock
from tracker.kit.database import unit_of_work
from webhooks.door.doors import LOOKS
from webhooks.door.reception import Answer
from webhooks.errors import ShopUnknown, SignatureNotAccepted
from webhooks.wire.letters import Letter
from webhooks.wire.scheme import Scheme

pytestmark = both_doors

Receive = Callable[[str, Letter, datetime], Answer]

WRONG = Secret(0, b"a key that is not the shop's own")
LOOK = 3
"""Questions of one look at a door."""


@dataclass
class Work:
    """What was done for a request that is looked at."""

    signatures: list[int] = field(default_factory=list)
    """How long the signed texts were."""
    questions: list[str] = field(default_factory=list)
    """What the database was asked."""

    def done(self) -> "Work":
        """What was done until now, to begin anew."""
        done = Work(list(self.signatures), list(self.questions))
        self.signatures.clear()
        self.questions.clear()
        return done


@pytest.fixture
def work(house: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    """Notes signatures, and questions of all threads but those that write counts down."""
    found, digest = Work(), hmac.digest

    def counted(key: bytes, message: bytes, digestmod: str) -> bytes:
        found.signatures.append(len(message))
        return digest(key, message, digestmod)

    def asked(_: Any, __: Any, statement: str, *___: Any) -> None:
        if threading.current_thread().name != "announcer":
            found.questions.append(statement)

    monkeypatch.setattr(hmac, "digest", counted)
    listen(house.tools.engine, "before_cursor_execute", asked)
    yield found
    remove(house.tools.engine, "before_cursor_execute", asked)


def forged(raw: bytes | None = None) -> Letter:
    raw = raw or body()
    return Letter("POST", headers(b"not the key", raw), body=raw)


def refused(receive: Receive, slug: str, letter: Letter, now: datetime) -> None:
    with pytest.raises((ShopUnknown, SignatureNotAccepted)):
        receive(slug, letter, now)


def speaks(house: World, shop: Shop, payload: Payload) -> None:
    with unit_of_work(house.tools.engine) as session:
        speak(session, shop.id, payload.dialect_name, payload.mapping)


@every_scheme
def test_401_and_404_are_alike_in_every_scheme(
    house: World, shop: Shop, payload: Payload, scheme: Scheme
) -> None:
    speaks(house, shop, payload)
    request = open_by(scheme, payload, WRONG)
    assert request
    answers = []
    for slug in (shop.slug, "no-such-shop"):
        answers.append(
            house.client().open(
                f"/webhooks/{slug}",
                method=request.method,
                query_string=request.query,
                headers=request.headers,
                data=request.body,
            )
        )
    assert [one.status_code for one in answers] == [401, 404]
    assert answers[0].data == answers[1].data
    assert answers[0].headers == answers[1].headers


@pytest.mark.parametrize("secrets", [0, 1, 2, 3])
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_as_much_is_done_whether_there_is_a_shop(
    house: World, shop: Shop, work: Work, method: str, secrets: int
) -> None:
    """As many signatures over the body, as many questions: however many secrets the shop has."""
    with unit_of_work(house.tools.engine) as session:
        for _ in range(secrets - 1):
            issue(session, house.tools.settings.keys, shop.id)
        change_the_door(session, shop.id)
    if not secrets:
        house.change(
            "UPDATE webhook_secrets SET revoked_at = now() WHERE shop_id = :id", id=shop.id
        )
    receive, now, letter = receiver(house.tools, house.door), SystemClock().now(), forged()
    letter = replace(letter, method=method, query=b"order_id=1")
    refused(receive, shop.slug, letter, now)  # the process has seen the shop by now
    work.done()
    refused(receive, shop.slug, letter, now)
    known = work.done()
    refused(receive, f"not-{shop.slug}", letter, now)
    unknown = work.done()
    assert min(known.signatures + unknown.signatures) >= len(letter.body)
    assert len(known.signatures) == len(unknown.signatures) == 3
    assert known.questions == unknown.questions
    assert len(known.questions) == LOOK


@every_scheme
def test_as_much_is_done_in_every_scheme(
    house: World, shop: Shop, work: Work, payload: Payload, scheme: Scheme
) -> None:
    """But for what it costs to derive a key or two, which is less than a microsecond each."""
    speaks(house, shop, payload)
    receive, now = receiver(house.tools, house.door), SystemClock().now()
    request = open_by(scheme, payload, WRONG)
    assert request
    letter = letter_of(request)
    refused(receive, shop.slug, letter, now)
    found = []
    for slug in (shop.slug, f"not-{shop.slug}"):
        work.done()
        refused(receive, slug, letter, now)
        done = work.done()
        large = [size for size in done.signatures if size >= max(100, len(letter.body))]
        found.append((len(large), len(done.questions)))
    assert found[0] == found[1]


def letter_of(request: Request) -> Letter:
    named = {name.lower(): value for name, value in request.headers.items()}
    return Letter(request.method, named, request.query.encode(), request.body)


@pytest.mark.parametrize("step", [0.0, 2.0], ids=["looks used up", "a look each time"])
def test_time_does_not_tell_whether_there_is_a_shop(house: World, shop: Shop, step: float) -> None:
    """Medians of many, by turns: two shops differ by as much as a shop and nobody."""
    other = house.shop(f"{shop.slug}-other")
    receive, letter = receiver(house.tools, house.door), forged()
    slugs = (shop.slug, other.slug, f"not-{shop.slug}")
    for attempt in range(5):  # on a busy machine
        moment = SystemClock().now() + timedelta(hours=attempt)
        times: dict[str, list[float]] = {slug: [] for slug in slugs}
        for number in range(3 * 200):
            slug = slugs[(number + number // 3) % 3]
            with timed(times[slug]):
                refused(receive, slug, letter, moment + timedelta(seconds=number * step))
        first, second, nobody = (median(times[slug]) for slug in slugs)
        if abs(nobody - first) <= max(2 * abs(first - second), 0.1 * first):
            return
    pytest.fail(f"{first=} {second=} {nobody=}")


@contextmanager
def timed(times: list[float]) -> Iterator[None]:
    started = perf_counter()
    yield
    times.append(perf_counter() - started)


@pytest.mark.parametrize("is_known", [True, False])
def test_looks_at_one_name_are_bounded(
    house: World, shop: Shop, work: Work, is_known: bool
) -> None:
    slug = shop.slug if is_known else f"not-{shop.slug}"
    receive, now, letter = receiver(house.tools, house.door), SystemClock().now(), forged()
    for _ in range(5 * LOOKS):
        refused(receive, slug, letter, now)
    assert len(work.done().questions) == LOOK * LOOKS
    for seconds in range(1, 4):
        for _ in range(5):
            refused(receive, slug, letter, now + timedelta(seconds=seconds))
        assert len(work.done().questions) == LOOK


def test_who_knocks_in_vain_shuts_nobody_out(house: World, shop: Shop) -> None:
    """The shop goes on; a new secret of it is taken a second later, while it would be at once."""
    receive, now = receiver(house.tools, house.door), SystemClock().now()
    for _ in range(5 * LOOKS):
        refused(receive, shop.slug, forged(), now)
    assert receive(shop.slug, signed(shop.secret), now).status == 202
    with unit_of_work(house.tools.engine) as session:
        fresh = rotate(session, house.tools.settings.keys, shop.id, now, timedelta(hours=1)).key
        change_the_door(session, shop.id)
    assert receive(shop.slug, signed(shop.secret), now).status == 202
    # That was a look that nobody could forge, and it was not counted: the new one is known now.
    assert receive(shop.slug, signed(fresh), now).status == 202
    for _ in range(5 * LOOKS):
        refused(receive, f"not-{shop.slug}", forged(), now)


def test_a_new_secret_is_taken_within_a_second_whoever_knocks(house: World, shop: Shop) -> None:
    receive, now = receiver(house.tools, house.door), SystemClock().now()
    for _ in range(5 * LOOKS):
        refused(receive, shop.slug, forged(), now)
    with unit_of_work(house.tools.engine) as session:
        fresh = issue(session, house.tools.settings.keys, shop.id).key
        change_the_door(session, shop.id)
    refused(receive, shop.slug, signed(fresh), now)
    later = now + timedelta(seconds=1)
    refused(receive, shop.slug, forged(), later)  # even if the strangers are first to look
    assert receive(shop.slug, signed(fresh), later).status == 202


def signed(key: bytes) -> Letter:
    raw = body()
    return Letter("POST", headers(key, raw), body=raw)


def test_a_process_that_has_just_begun_lets_all_in_who_come_at_once(
    house: World, shop: Shop, work: Work
) -> None:
    """Many more than there are looks: they share a few."""
    receive, now = receiver(house.tools, house.door), SystemClock().now()
    with ThreadPoolExecutor(32) as pool:
        letters = [signed(shop.secret) for _ in range(96)]
        answers = list(pool.map(lambda one: receive(shop.slug, one, now), letters))
    assert [one.status for one in answers] == [202] * 96
    assert len(work.done().questions) <= LOOK * LOOKS


def test_a_secret_that_changes_under_load_refuses_nobody(
    house: World, shop: Shop, work: Work
) -> None:
    """All come with the new secret, and the process knows the old one only."""
    receive, now = receiver(house.tools, house.door), SystemClock().now()
    assert receive(shop.slug, signed(shop.secret), now).status == 202
    with unit_of_work(house.tools.engine) as session:
        fresh = issue(session, house.tools.settings.keys, shop.id).key
        change_the_door(session, shop.id)
    with ThreadPoolExecutor(32) as pool:
        letters = [signed(fresh) for _ in range(96)]
        answers = list(pool.map(lambda one: receive(shop.slug, one, now), letters))
    assert [one.status for one in answers] == [202] * 96
