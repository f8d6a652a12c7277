"""Live traffic: orders at a steady rate, and all that their shops have to say of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count

from sandbox.catalogue.draws import pick, weighted
from sandbox.demo.clicks import Clicks
from sandbox.demo.orders import LETTERS_PER_ORDER, Letter, Order, letters_of
from sandbox.demo.people import Shop
from sandbox.demo.post import Answer, Post
from tracker.kit.clock import ScaledClock

_BUYERS = {"member": 9, "guest": 1}
_LONGEST_LAG = timedelta(days=2)
"""After a stall, orders older than this are not made up for."""
_AGAIN = timedelta(days=1)


@dataclass(slots=True)
class Tally:
    """What the front door has answered."""

    accepted: int = 0
    duplicates: int = 0
    sent_again: int = 0
    refused: int = 0


class Traffic:
    """All shops at once. ``run`` makes the orders' numbers differ from those of earlier runs."""

    def __init__(
        self,
        clock: ScaledClock,
        clicks: Clicks,
        post: Post,
        open_shops: Callable[[], Mapping[str, Shop]],
        *,
        rate: float,
        run: str,
    ) -> None:
        self.tally = Tally()
        self._clock = clock
        self._clicks = clicks
        self._post = post
        self._open_shops = open_shops
        self._step = timedelta(seconds=clock.speed * LETTERS_PER_ORDER / rate)
        self._run = run
        self._orders = count(1)
        self._next_order = clock.now()
        self._letters: list[tuple[datetime, int, Letter]] = []
        self._places = count()

    def begin(self) -> None:
        """The first order comes now."""
        self._next_order = self._clock.now()

    def go_on(self) -> None:
        """Take the orders and send the letters that are due by now."""
        now = self._clock.now()
        self._next_order = max(self._next_order, now - _LONGEST_LAG)
        while self._next_order <= now:
            self._take_order(self._next_order)
            self._next_order += self._step
        while self._letters and self._letters[0][0] <= now:
            self._deliver(heappop(self._letters)[2])

    def _take_order(self, at: datetime) -> None:
        order_id = f"{self._run}-{next(self._orders)}"
        if weighted(f"{order_id}:buyer", _BUYERS) == "guest":
            shop = pick(f"{order_id}:shop", list(self._open_shops().values()))
            click_id = f"clk_guest_{order_id}"
        elif (ticket := self._clicks.take()) is not None:
            shop, click_id = ticket.shop, ticket.click_id
        else:
            return
        for letter in letters_of(Order(order_id, shop.slug, shop.category, click_id, at)):
            self._put(letter.due, letter)

    def _put(self, due: datetime, letter: Letter) -> None:
        heappush(self._letters, (due, next(self._places), letter))

    def _deliver(self, letter: Letter) -> None:
        for _ in range(letter.copies):
            match self._post.send(letter):
                case Answer.ACCEPTED:
                    self.tally.accepted += 1
                case Answer.DUPLICATE:
                    self.tally.duplicates += 1
                case Answer.LATER:
                    self.tally.sent_again += 1
                    self._put(self._clock.now() + _AGAIN, letter)
                    return
                case Answer.REFUSED:
                    self.tally.refused += 1
