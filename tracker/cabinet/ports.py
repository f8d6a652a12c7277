"""What this room asks of others: how shops are called."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class ShopName:
    """What members know a shop by."""

    slug: str
    name: str


ShopNames = Callable[[Session, Collection[int]], Mapping[int, ShopName]]
"""The names of some shops, by id."""
