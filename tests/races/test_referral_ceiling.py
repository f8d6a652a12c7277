"""Fifty friends of one inviter at the same moment: never more than the ceiling, and no deadlock."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from threading import Event, Thread

import pytest

from tests.inviting import REWARD, highest, newcomers
from tests.races.together import raised, together
from tests.stories.reports import cancellation, confirmation, stated
from tests.world import Shop, World, day
from tracker.kit.database import make_engine, unit_of_work
from tracker.ledger.service import Balance
from tracker.purchases.contracts import PurchaseReport
from tracker.purchases.service import book

FRIENDS = 50
CEILING = 5 * REWARD


class Scene:
    """One inviter, whose friends buy all at once, each by a connection of their own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.shop: Shop = world.shop(cashback=1000)
        (self.inviter,) = newcomers(world, 1)
        self.friends = newcomers(world, FRIENDS, self.inviter)
        self.clicks = world.clicks(self.friends, self.shop, day(0))
        self.engine = make_engine(world.tools.settings.database_url, pool_size=FRIENDS + 10)

    def book(self, *reports: PurchaseReport) -> None:
        """One unit of work."""
        with unit_of_work(self.engine) as session:
            assert book(session, reports, self.world.programme) == {}

    def bought(self, place: int, order: str = "A", on: float = 1) -> PurchaseReport:
        click = self.clicks[place]
        name = f"{order}-{place}"
        return stated(self.shop, name, click, {"1": 100}, ordered_at=day(on), source=name)

    def at_once(self, calls: Sequence[Callable[[], None]]) -> None:
        """Do all of it at the same moment, while somebody keeps an eye on the balance."""
        done, seen = Event(), [0]

        def watch() -> None:
            while not done.is_set():
                has = self.world.balance(self.inviter)
                seen.append(has.pending + has.available)

        watcher = Thread(target=watch)
        watcher.start()
        try:
            assert raised(together(*calls)) == []
        finally:
            done.set()
            watcher.join()
        assert max(seen) <= CEILING
        assert highest(self.world, self.inviter) <= CEILING
        assert self.world.differences() == []


@pytest.fixture
def scene(world: World) -> Iterator[Scene]:
    """The scene, with connections for everybody."""
    made = Scene(world)
    yield made
    made.engine.dispose()


def test_all_buy_at_once_and_all_are_confirmed_at_once(scene: Scene) -> None:
    scene.at_once([partial(scene.book, scene.bought(place)) for place in range(FRIENDS)])
    assert scene.world.balance(scene.inviter) == Balance(CEILING, 0, 0)
    confirmed = [confirmation(scene.shop, f"A-{place}") for place in range(FRIENDS)]
    scene.at_once([partial(scene.book, one) for one in confirmed])
    assert scene.world.balance(scene.inviter) == Balance(0, CEILING, 0)


def test_bought_and_confirmed_by_one_unit_of_work_each(scene: Scene) -> None:
    scene.at_once(
        [
            partial(scene.book, scene.bought(place), confirmation(scene.shop, f"A-{place}"))
            for place in range(FRIENDS)
        ]
    )
    assert scene.world.balance(scene.inviter) == Balance(0, CEILING, 0)


def test_returns_make_room_while_others_are_confirmed(scene: Scene) -> None:
    """In the end four are kept of fifty, whoever had a place in between."""
    kept = {3, 17, 31, 44}
    for place in range(FRIENDS):
        scene.book(scene.bought(place), scene.bought(place, "B", on=2))

    def whole_story(place: int) -> None:
        scene.book(confirmation(scene.shop, f"A-{place}"))
        if place not in kept:
            scene.book(cancellation(scene.shop, f"A-{place}"))
        scene.book(confirmation(scene.shop, f"B-{place}"))

    scene.at_once([partial(whole_story, place) for place in range(FRIENDS)])
    assert scene.world.balance(scene.inviter) == Balance(0, len(kept) * REWARD, 0)


def test_friends_who_invite_each_other_in_a_chain_lock_in_one_order(scene: Scene) -> None:
    """Each is an inviter and a friend: chunks of neighbours, in opposite orders."""
    chain = [scene.inviter]
    for _ in range(12):
        chain += newcomers(scene.world, 1, chain[-1])
    clicks = scene.world.clicks(chain, scene.shop, day(0))

    def buys(place: int) -> PurchaseReport:
        order = f"chain-{place}"
        return stated(scene.shop, order, clicks[place], {"1": 100}, source=order)

    pairs = [(place, place + 1) for place in range(1, 12)]
    for place in range(1, 13):
        scene.book(buys(place))
    calls = [
        partial(scene.book, *(confirmation(scene.shop, f"chain-{one}") for one in order))
        for pair in pairs
        for order in (pair, pair[::-1])
    ]
    assert raised(together(*calls)) == []
    assert [scene.world.balance(one).available for one in chain[1:-1]] == [
        scene.world.balance(chain[1]).available
    ] * 11
    assert scene.world.balance(scene.inviter).available == REWARD
    assert scene.world.differences() == []
