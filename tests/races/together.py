"""Threads that do something at the same moment."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

T = TypeVar("T")


def together(*calls: Callable[[], T]) -> list[T | BaseException]:
    """Make all calls at once; what each returned or raised, in their order."""
    barrier = Barrier(len(calls))

    def one(call: Callable[[], T]) -> T:
        barrier.wait(30)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(one, call) for call in calls]
    return [future.exception() or future.result() for future in futures]


def raised(results: Sequence[object]) -> list[BaseException]:
    """What went wrong among results."""
    return [one for one in results if isinstance(one, BaseException)]
