"""What this room asks of others: the sections that shops stand in, and what shops are called."""

from collections.abc import Callable, Collection, Mapping

from sqlalchemy.orm import Session

Sections = Callable[[Session], Mapping[int, str]]
"""The section of every shop, by the shop's id."""

Slugs = Callable[[Session, Collection[int]], Mapping[int, str]]
"""The slugs of some shops, by id."""

Ids = Callable[[Session, Collection[str]], Mapping[str, int]]
"""The ids of some shops, by slug; unknown ones are left out."""
