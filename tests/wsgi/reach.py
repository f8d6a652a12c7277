"""What a route's code may come to: the functions of ours that it names, and those that they name.

Nothing is run. Functions that are called by way of an object are not seen, nor is which branch is
taken: a route may be said to come to something that it never does, for the name of a function
alone is enough.
"""

import inspect
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

from werkzeug.routing import Rule

from tests.world import World

OURS = ("tracker.", "partners.", "webhooks.", "wiring")


def comes_to(world: World, rule: Rule, method: str, goal: Callable[..., Any]) -> bool:
    """Whether the handler of a route may call a function."""
    view: Any = world.app.view_functions[rule.endpoint]
    handler = getattr(view.view_class, method.lower()) if hasattr(view, "view_class") else view
    start = inspect.unwrap(handler)
    seen: set[object] = set()
    waiting = [start]
    while waiting:
        one = waiting.pop()
        if one is goal:
            return True
        if one not in seen:
            seen.add(one)
            waiting += named_by(one)
    return False


def named_by(function: FunctionType) -> Iterator[FunctionType]:
    """The functions of ours that a function names."""
    names = set(_names(function.__code__))
    inner = inspect.getclosurevars(function).nonlocals.values()
    known = [function.__globals__[name] for name in names & function.__globals__.keys()]
    for found in (*known, *inner):
        if isinstance(found, ModuleType) and found.__name__.startswith(OURS):
            for name in names & vars(found).keys():
                yield from _functions(getattr(found, name))
        yield from _functions(found)


def _functions(found: object) -> Iterator[FunctionType]:
    if isinstance(found, FunctionType) and found.__module__.startswith(OURS):
        yield inspect.unwrap(found)
    if isinstance(found, type) and found.__module__.startswith(OURS):
        yield from (one for one in vars(found).values() if isinstance(one, FunctionType))


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)
