"""Everything a replay needs of a file: shops, members, clicks and events."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sandbox.catalogue.shop_rows import ShopRow
from sandbox.replay.clicks import Click, ClickKey
from sandbox.replay.events import Event, Kind, purchase_created, purchase_returned
from sandbox.replay.members import Member, members_in
from sandbox.replay.purchases import purchases_in
from sandbox.replay.returns import returns_in
from sandbox.replay.rows import Row, read_rows
from sandbox.replay.shops import replay_shops

_JUST_BEFORE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Dataset:
    """What a file of invoices comes to, in file order."""

    shops: list[ShopRow]
    members: list[Member]
    clicks: list[Click]
    events: list[Event]

    def count(self, kind: Kind) -> int:
        """How many events of a kind there are."""
        return Counter(event.kind for event in self.events)[kind]


def load_dataset(path: Path) -> Dataset:
    """The dataset of a CSV file, plain or gzipped. Raises InvoicesUnreadable, OSError."""
    return dataset_of(read_rows(path))


def dataset_of(rows: Iterable[Row]) -> Dataset:
    """The dataset of rows in file order."""
    known = list(rows)
    events = [purchase_created(purchase) for purchase in purchases_in(known)]
    events += [purchase_returned(given_back) for given_back in returns_in(known)]
    events.sort(key=lambda event: event.row)
    return Dataset(replay_shops(), members_in(known), _clicks(events), events)


def _clicks(events: Iterable[Event]) -> list[Click]:
    first: dict[ClickKey, datetime] = {}
    for event in events:
        if isinstance(event.click, ClickKey):
            first.setdefault(event.click, event.moment)
    return [Click(key, moment - _JUST_BEFORE) for key, moment in first.items()]
