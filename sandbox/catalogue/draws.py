"""Draws that look random and are the same on every machine and Python version, for ever.

Each draw is named by a key, so adding one more draw changes none of the others.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")


def rank(key: str) -> bytes:
    """The key's place in a shuffled order: sort by it."""
    return sha256(key.encode()).digest()


def number(key: str, bound: int) -> int:
    """A number from 0 up to, but not including, ``bound``."""
    return int.from_bytes(rank(key)[:8]) % bound


def pick(key: str, options: Sequence[T]) -> T:
    """One of the options, each as likely as the next."""
    return options[number(key, len(options))]


def weighted(key: str, weights: Mapping[T, int]) -> T:
    """One of the keys, as likely as its weight; raises ValueError where nothing weighs anything."""
    left = number(key, sum(weights.values()) or 1)
    for option, weight in weights.items():
        if left < weight:
            return option
        left -= weight
    raise ValueError("nothing to draw from: no option has a weight")


def shuffled(key: str, items: Iterable[str]) -> list[str]:
    """The items in an order that depends on the key and on nothing else, not even their order."""
    return sorted(items, key=lambda item: rank(f"{key}:{item}"))
