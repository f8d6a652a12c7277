"""Waiting until processes take calls."""

import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from sandbox.stack.children import Child
from sandbox.stack.errors import ProcessNotReady

_LIMIT = 60.0
_STEP = 0.03
_DIRECT = build_opener(ProxyHandler({}))
"""Past any proxy that the environment names: this is our own machine."""
_READY = re.compile(r"^ready (\w+://\S+(?: \w+://\S+)*)$", re.MULTILINE)

T = TypeVar("T")


def announced_urls(child: Child) -> list[str]:
    """The addresses that a process says it is ready at. Raises ProcessNotReady."""
    return _await(child, lambda: _announcement(child))


def await_health(child: Child, url: str) -> None:
    """Wait until the web service says that it takes traffic. Raises ProcessNotReady."""
    _await(child, lambda: _is_ready(url) or None)


def _announcement(child: Child) -> list[str] | None:
    found = _READY.search(child.log.tail())
    return found[1].split() if found else None


def _is_ready(url: str) -> bool:
    try:
        with _DIRECT.open(f"{url}/health/ready", timeout=5) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (URLError, OSError):
        return False


def _await(child: Child, ask: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + _LIMIT
    while (answer := ask()) is None:
        if child.pid is None:
            why = f"it ended with exit code {child.exit_code}"
            raise ProcessNotReady(child.name, why, child.log.path, child.log.tail())
        if time.monotonic() > deadline:
            why = f"not ready after {_LIMIT:.0f} s"
            raise ProcessNotReady(child.name, why, child.log.path, child.log.tail())
        time.sleep(_STEP)
    return answer
