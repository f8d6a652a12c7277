"""What must be there before the first order: the catalogue, members, staff, shops' secrets."""

import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

from sandbox.catalogue import SHOPS_CSV
from sandbox.demo.memory import Memory
from sandbox.demo.outcome import RUNS
from sandbox.demo.people import Shop, some_members
from sandbox.demo.post import NoAnswer, Post
from sandbox.replay.members import members_csv
from sandbox.stack import CommandFailed, Stack

OPERATOR, APPROVER = "operator", "approver"
_SHOPS_AT_FIRST = 2
_OFFERS_SINCE = timedelta(days=90)


class Preparation:
    """Of one deployment. What cannot be read again goes into its memory.

    Each command takes a second or so, most of it for its start: the shops that traffic can begin
    without are opened while it flows.
    """

    def __init__(self, stack: Stack, memory: Memory, shops: Sequence[Shop]) -> None:
        self._stack = stack
        self._memory = memory
        self._shops = shops

    def begin(self) -> None:
        """All that the first orders need; nothing, where a demonstration has run before.

        Raises CommandFailed.
        """
        if not self._is_known():
            self._memory.tokens.clear()
            self._memory.secrets.clear()
            self._fill()
        first = self._shops[:_SHOPS_AT_FIRST]
        _at_once([partial(self._open, shop) for shop in first])

    def go_on(self) -> None:
        """Open one more shop, if some are still closed. Raises CommandFailed."""
        closed = [one for one in self._shops if one.slug not in self._memory.secrets]
        for one in closed[:1]:
            self._open(one)

    def open_shops(self) -> dict[str, Shop]:
        """Those that can send webhooks already."""
        return {one.slug: one for one in self._shops if one.slug in self._memory.secrets}

    def _is_known(self) -> bool:
        """Whether this is the deployment that the memory is of: the folder may have seen two."""
        token = self._memory.tokens.get(APPROVER, "")
        try:
            Post(self._stack.url, {}).ask(RUNS, token)
        except NoAnswer:
            return False
        return True

    def _fill(self) -> None:
        moment, ask = self._memory.moment, self._stack.tracker
        since = (moment - _OFFERS_SINCE).isoformat()
        members = self._stack.data / "demo-members.csv"
        members.write_text(members_csv(some_members(moment)))
        _at_once(
            [
                lambda: ask("shops", "import", SHOPS_CSV, "--as-of", since),
                lambda: ask("members", "import", members),
                lambda: self._hire(OPERATOR),
                lambda: self._hire(APPROVER),
            ]
        )

    def _open(self, shop: Shop) -> None:
        if shop.slug not in self._memory.secrets:
            found = self._stack.tracker("shops", "secret", shop.slug, json=True)
            self._memory.secrets[shop.slug] = found["secret"]

    def _hire(self, role: str) -> None:
        """Under another login, if the first is taken by one whose token is lost."""
        try:
            token = self._added(f"demo.{role}", role)
        except CommandFailed:
            token = self._added(f"demo.{role}.{secrets.token_hex(3)}", role)
        self._memory.tokens[role] = token

    def _added(self, login: str, role: str) -> str:
        found = self._stack.tracker("staff", "add", login, "--role", role, json=True)
        token: str = found["token"]
        return token


def _at_once(steps: Sequence[Callable[[], object]]) -> None:
    """There is more than one core."""
    with ThreadPoolExecutor() as pool:
        for step in [pool.submit(one) for one in steps]:
            step.result()
