"""Shops that follow a trial: they hear what is asked for, and send it, or something else."""

import io
import itertools
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from rich.console import Console
from werkzeug.test import TestResponse

from partners.credentials.rules import Secret
from tests.webhooks.letters import headers, now, send
from tests.world import Shop, World, cancelled, created, day, returned
from webhooks.trials.cases import CASES, Case
from webhooks.trials.reports import Account, CaseReport
from webhooks.trials.running import Wanted, run
from webhooks.trials.screen import ConsoleScreen

Step = Callable[["Actor"], object]
"""What a shop does when it is asked for a case."""


class Actor(ConsoleScreen):
    """A shop at its end of the line, and the screen that it is told by."""

    def __init__(
        self, world: World, shop: Shop, steps: Mapping[str, Step], *, cases: int = len(CASES)
    ) -> None:
        self.seen = io.StringIO()
        super().__init__(Console(file=self.seen, width=200), cases=cases, listens=False)
        self.world = world
        self.shop = shop
        self.steps = steps
        self.secrets: list[Secret] = []
        self.answers: list[int] = []
        self.sent: list[tuple[bytes, dict[str, str]]] = []
        self._numbers = itertools.count(1)

    def shows_secret(self, secret: Secret, which: str) -> None:
        super().shows_secret(secret, which)
        self.secrets.append(secret)

    def asks(self, case: Case, text: str) -> None:
        super().asks(case, text)
        self.act(case.name)

    def says(self, text: str) -> None:
        super().says(text)
        self.act(text)

    def act(self, name: str) -> None:
        """Do what the script has for this, if it has something."""
        if step := self.steps.get(name):
            step(self)

    def tell(
        self,
        event: Mapping[str, Any] | bytes,
        webhook_id: str,
        *,
        key: bytes | None = None,
        later: int = 0,
    ) -> int:
        """Send an event signed with the trial's newest secret, or with a key; the status.

        ``later``: signed so many seconds from now.
        """
        raw = event if isinstance(event, bytes) else json.dumps(event).encode()
        signed = headers(key or self.secrets[-1].key, raw, webhook_id=webhook_id, at=now() + later)
        return self.repeat(raw, signed)

    def repeat(self, raw: bytes, signed: dict[str, str]) -> int:
        """Send bytes under exactly these headers; the status."""
        self.sent.append((raw, signed))
        answer: TestResponse = send(self.world, self.shop.slug, raw, signed)
        self.answers.append(answer.status_code)
        return answer.status_code


def purchase(order: str) -> dict[str, Any]:
    """An order of two lines."""
    return created(order, None, 100, 50, at=day(1))


def back(order: str, line: str = "1") -> dict[str, Any]:
    """A line of it comes back."""
    return returned(order, f"R-{order}", {line: 40}, at=day(2))


def _out_of_order(shop: Actor) -> None:
    shop.tell(cancelled("T-2", at=day(2)), "cancelled-2")
    shop.tell(purchase("T-2"), "order-2")


def _wrong_signature(shop: Actor) -> None:
    shop.tell(purchase("T-3"), "order-3", key=b"another key of thirty-two bytes!")
    shop.tell(purchase("T-3"), "order-3")


CAREFUL: Mapping[str, Step] = {
    "first": lambda shop: shop.tell(purchase("T-1"), "order-1"),
    "duplicate": lambda shop: shop.tell(purchase("T-1"), "order-1", later=1),
    "out-of-order": _out_of_order,
    "partial-return": lambda shop: shop.tell(back("T-1"), "return-1"),
    "replay": lambda shop: shop.repeat(*shop.sent[0]),
    "wrong-signature": _wrong_signature,
    "stale": lambda shop: shop.tell(purchase("T-1"), "order-1", later=-301),
    "rotated-key": lambda shop: shop.tell(purchase("T-4"), "order-4"),
    "taken by the second secret; now one more with the first": lambda shop: shop.tell(
        purchase("T-5"), "order-5", key=shop.secrets[0].key
    ),
}
"""A shop that does what it is asked for."""


def account_of(actor: Actor, *names: str, timeout: float = 20) -> Account:
    """Run a trial of the cases named, or of all, optional ones too."""
    reports = [CaseReport(one) for one in CASES]
    asked = [one for one in reports if not names or one.case.name in names]
    wanted = Wanted(
        actor.shop.slug, "anna", timedelta(hours=2), timedelta(seconds=timeout), anew=False
    )
    return run(actor.world.tools, wanted, actor, reports, asked)
