"""One session: what is sent, what must hold of every answer, and of the books at the end."""

import itertools
import resource
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from secrets import token_bytes

from partners.credentials.rules import Secret
from partners.dialects.service import speak
from tests.fuzz.mutations import Draft, mutate
from tests.webhooks.adapters.keys import Request, open_by
from tests.webhooks.adapters.payloads import Payload, payloads
from tests.world import Shop, World
from tracker.kit.database import unit_of_work

WORK_EVERY = 2_000
_ACCEPTED, _DUPLICATE = 202, 200
_REFUSED = {400, 401, 405, 409, 413, 415, 422}
_LET_IN = {_ACCEPTED, _DUPLICATE}


class Violation(AssertionError):
    """Something happened that must not."""


@dataclass(slots=True)
class Target:
    """A payload with two shops that speak its dialect: to one it comes with the right key, to the
    other never."""

    payload: Payload
    known: Shop
    closed: Shop

    @property
    def draft(self) -> Draft:
        """The payload before anything was done to it."""
        return Draft(
            self.payload.method,
            dict(self.payload.headers),
            self.payload.query,
            self.payload.body,
        )


@dataclass(slots=True)
class Session:
    """Sends changed payloads to a deployment of its own, by whichever door the world has."""

    world: World
    random: Random
    statuses: Counter[int] = field(default_factory=Counter)
    sent: int = 0

    def run(self, bodies: int) -> Iterator[int]:
        """Send so many; yields how many were sent after every chunk that was booked as well.

        Raises Violation.
        """
        targets = list(_targets(self.world))
        drafts = [one.draft for one in targets]
        while self.sent < bodies:
            for _ in range(min(WORK_EVERY, bodies - self.sent)):
                self._send(self.random.choice(targets), drafts)
                self.sent += 1
            self.world.work()
            self._look_at_the_inbox()
            yield self.sent
        self._look_at_the_books(targets)

    def _send(self, target: Target, drafts: Sequence[Draft]) -> None:
        draft = mutate(self.random, target.draft, drafts)
        has_key = self.random.random() < 0.7
        shop = target.known if has_key else target.closed
        request = self._request(target, draft, shop, has_key=has_key)
        status = self._post(shop, request)
        self.statuses[status] += 1
        if status not in _REFUSED | _LET_IN:
            raise Violation(f"{status} for {request}")
        if status in _LET_IN and not has_key:
            raise Violation(f"{status} without a key for {request}")

    def _request(self, target: Target, draft: Draft, shop: Shop, *, has_key: bool) -> Request:
        """The draft under a key: the shop's, somebody else's, or none at all."""
        bare = Request(draft.method, draft.query.decode("latin-1"), draft.headers, draft.body)
        if not has_key and self.random.random() < 0.3:
            return bare
        secret = Secret(self.sent, shop.secret if has_key else token_bytes(32))
        payload = _as_payload(target.payload, draft)
        scheme = self.random.choice(payload.dialect.schemes)
        try:
            return open_by(scheme, payload, secret) or bare
        except Exception:  # noqa: BLE001 - what the changed bytes do to the test's own tools
            return bare

    def _post(self, shop: Shop, request: Request) -> int:
        headers = {name: value for name, value in request.headers.items() if value.isprintable()}
        answer = self.world.client().open(
            f"/webhooks/{shop.slug}",
            method=request.method,
            query_string=request.query,
            headers=headers,
            data=request.body,
        )
        return answer.status_code

    def _look_at_the_inbox(self) -> None:
        failing = self.world.query(
            "SELECT id, parked_detail FROM inbox_events"
            " WHERE parked_reason = 'keeps_failing' OR state = 'waiting'"
        )
        if failing:
            raise Violation(f"events that cannot be booked: {failing[:3]}")

    def _look_at_the_books(self, targets: Sequence[Target]) -> None:
        closed = sorted({one.closed.id for one in targets})
        for table in ("inbox_events", "purchases"):
            found = self.world.query(
                f"SELECT count(*) FROM {table} WHERE shop_id = ANY (:closed)", closed=closed
            )
            if found[0].count:
                raise Violation(f"{found[0].count} rows in {table} that nobody signed")
        stored = self.world.query("SELECT count(*) FROM inbox_events")[0].count
        if stored != self.statuses[_ACCEPTED]:
            raise Violation(f"{self.statuses[_ACCEPTED]} were accepted and {stored} are stored")
        if differences := self.world.differences():
            raise Violation("\n".join(["the ledger proof:", *map(str, differences[:5])]))


def memory() -> int:
    """The memory that this process has now, bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def _targets(world: World) -> Iterator[Target]:
    numbers = itertools.count(1)
    for payload in payloads():
        shops = []
        for what in ("known", "closed"):
            shop = world.shop(f"{what}-{next(numbers)}")
            with unit_of_work(world.tools.engine) as session:
                speak(session, shop.id, payload.dialect_name, payload.mapping)
            shops.append(shop)
        yield Target(payload, *shops)


def _as_payload(recorded: Payload, draft: Draft) -> Payload:
    return Payload(
        recorded.folder,
        draft.method,
        draft.headers,
        draft.query,
        draft.body,
        recorded.mapping,
        recorded.parked,
    )
