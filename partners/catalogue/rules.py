"""What the catalogue shows of a shop, in which order, and where a page goes on. Pure."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from partners.catalogue.spelling import plain, words
from partners.shops.rules import Section, read_web_address
from tracker.clicks.rules import OnHoldEnd
from tracker.kit.errors import Invalid
from tracker.members.rules import Language

MAX_SEARCH = 200
"""Characters of a search: as many as a name may have."""

_NAMES = 32_768
"""Of which it is remembered how they are sorted: they are listed again and again."""


class Sort(StrEnum):
    """In which order shops are listed. When nothing is said: by name, a search by how well it
    is answered."""

    NAME = "name"
    CASHBACK = "cashback"
    """The highest percent first."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A shop as it is promised at a moment. What it pays us is not for the catalogue."""

    slug: str
    name: str
    name_uk: str | None
    name_en: str | None
    section: Section
    subsection: str
    site_url: str
    cashback_bp: int
    hold_days: int
    on_hold_end: OnHoldEnd

    @property
    def names(self) -> tuple[str, ...]:
        """All that it is called."""
        return tuple(name for name in (self.name, self.name_uk, self.name_en) if name)

    def name_in(self, language: Language) -> str:
        """What it is called in a language; the name as it is where there is no other."""
        return {Language.UK: self.name_uk, Language.EN: self.name_en}.get(language) or self.name

    def safe_url(self) -> str | None:
        """Its address, as long as that is one of the web and nothing else."""
        try:
            return read_web_address(self.site_url)
        except ValueError:
            return None


Key = tuple[int, str, str]
"""A shop's place in an order: a number, its name, its slug. No two are the same."""


def key_of(shop: Listed, language: Language, number: int) -> Key:
    """The place of a shop in an order that goes by a number first."""
    return number, _sorted_by(shop.name_in(language)), shop.slug


@lru_cache(_NAMES)
def _sorted_by(name: str) -> str:
    return " ".join(plain(word) for word in words(name))


class CursorNotUsable(Invalid):
    """The cursor is none that this list gave."""

    code = "cursor_not_usable"


def write_cursor(key: Key) -> str:
    """Where the next page begins: behind this shop, whatever has come or gone meanwhile."""
    told = json.dumps(key, ensure_ascii=False, separators=(",", ":"))
    return urlsafe_b64encode(told.encode()).decode().rstrip("=")


def read_cursor(text: str) -> Key:
    """What `write_cursor` wrote. Raises CursorNotUsable."""
    try:
        told = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        number, name, slug = told
    except (ValueError, TypeError, RecursionError) as error:
        raise CursorNotUsable(fields={"cursor": "none that this list gave"}) from error
    if type(number) is not int or not isinstance(name, str) or not isinstance(slug, str):
        raise CursorNotUsable(fields={"cursor": "none that this list gave"})
    return number, name, slug
