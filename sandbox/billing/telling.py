"""Does what is due later: carries out what was put off, and calls whoever is to be told."""

import json
import threading
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.billing.store import Store
from sandbox.billing.topups import Result
from sandbox.billing.wire import result_json

_EVERY = 0.05
_AGAIN_AFTER = 1.0
_PATIENCE = 5.0

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Caller:
    """Where results are told to; an empty URL: nowhere."""

    url: str = ""
    token: str = ""

    def call(self, results: Sequence[Mapping[str, Any]]) -> bool:
        """Tell results; False when they were not taken."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        body = json.dumps({"results": results}).encode()
        request = urllib.request.Request(self.url, body, headers, method="POST")  # noqa: S310 - ours
        try:
            with _OPENER.open(request, timeout=_PATIENCE):
                return True
        except OSError:  # also every status but 2xx
            return False

    def tell_now(self, results: Sequence[Result]) -> None:
        """Tell results at once, whether or not they are taken."""
        if self.url and results:
            self.call([result_json(result) for result in results])


NOBODY = Caller()


def look_after(store: Store, caller: Caller) -> None:
    """Do what is due, for ever."""
    pause = threading.Event()
    while not pause.wait(_EVERY):
        store.carry_out_due()
        tell_due(store, caller)


def tell_due(store: Store, caller: Caller) -> None:
    """Make the calls that are due, each by itself: one that is refused holds up no other."""
    if not caller.url:
        return
    due = store.tellings()
    taken = [number for number, body in due.items() if caller.call([json.loads(body)])]
    if taken:
        store.told(taken)
    if due.keys() - set(taken):
        store.tell_again(due.keys() - set(taken), _AGAIN_AFTER)
