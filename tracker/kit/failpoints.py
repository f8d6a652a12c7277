"""Named places where a crash sweep may end a process. Nothing happens at them in production.

Whoever sweeps installs a hook in a process of its own; no setting and no environment does.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Hook = Callable[[str], None]
"""Is told the name of each place that is reached."""

_hooks: list[Hook] = []


def install(hook: Hook | None) -> None:
    """Let a hook be told of every place reached in this process; None takes it away."""
    _hooks[:] = [hook] if hook else []


def reach(point: str) -> None:
    """Say that a place was reached."""
    for hook in _hooks:
        hook(point)


@contextmanager
def around(call: str) -> Iterator[None]:
    """The places right before and right after a call to the outside world."""
    reach(f"{call}:before_call")
    yield
    reach(f"{call}:after_call")
