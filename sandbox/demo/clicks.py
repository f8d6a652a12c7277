"""Members follow links to shops: clicks, in batches ahead of the purchases they lead to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from sandbox.catalogue.draws import pick
from sandbox.demo.people import Shop
from sandbox.replay.clicks import Click, ClickKey, clicks_csv, issued_ids
from sandbox.stack import Stack
from tracker.kit.clock import Clock


@dataclass(frozen=True, slots=True)
class Ticket:
    """A click that nothing was bought by yet."""

    shop: Shop
    click_id: str


class Clicks:
    """A stock of tickets, filled by one thread and used by another."""

    def __init__(
        self,
        stack: Stack,
        clock: Clock,
        phones: Sequence[str],
        open_shops: Callable[[], Mapping[str, Shop]],
        *,
        batch: int,
        run: str,
    ) -> None:
        self._stack = stack
        self._clock = clock
        self._phones = phones
        self._open_shops = open_shops
        self._batch = batch
        self._run = run
        self._number = 0
        self._tickets: SimpleQueue[Ticket] = SimpleQueue()

    def take(self) -> Ticket | None:
        """The oldest ticket; None when the import cannot keep up."""
        try:
            return self._tickets.get_nowait()
        except Empty:
            return None

    def restock(self) -> None:
        """Import a batch when less than one is left. Raises CommandFailed."""
        if self._tickets.qsize() >= self._batch:
            return
        shops = self._open_shops()
        path = self._stack.data / "demo-clicks.csv"
        path.write_text(clicks_csv(self._drawn(list(shops))))
        said = self._stack.tracker("clicks", "import", path)
        for key, click_id in issued_ids(said).items():
            self._tickets.put(Ticket(shops[key.shop], click_id))

    def _drawn(self, slugs: Sequence[str]) -> list[Click]:
        """A member clicks once to a shop in a batch: by that a click is known until it has an id.

        Members whose turn it is go one after another, so that none is drawn twice.
        """
        now = self._clock.now()
        clicks = []
        for _ in range(min(self._batch, len(self._phones))):
            self._number += 1
            phone = self._phones[self._number % len(self._phones)]
            shop = pick(f"{self._run}:click:{self._number}", slugs)
            clicks.append(Click(ClickKey(phone, shop), now))
        return clicks
