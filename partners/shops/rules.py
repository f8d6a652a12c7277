"""Sections, statuses, and what a shop's row must hold to. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from tracker.kit.csvfiles import word
from tracker.kit.errors import Invalid, NotFound


class Section(StrEnum):
    """The six sections of the catalogue."""

    ONLINE_SHOPS = "online-shops"
    OPERATOR_OFFERS = "operator-offers"
    SERVICES = "services"
    LEISURE = "leisure"
    TRAVEL = "travel"
    RETAIL = "retail"


_NAMES = {
    "online shops": Section.ONLINE_SHOPS,
    "offers from the operator": Section.OPERATOR_OFFERS,
    "services": Section.SERVICES,
    "leisure and entertainment": Section.LEISURE,
    "travel": Section.TRAVEL,
    "retail shops": Section.RETAIL,
}


class ShopStatus(StrEnum):
    """Whether a shop takes part."""

    ACTIVE = "active"
    LEFT = "left"
    """Out of the programme: nothing new accrues, what was tracked before lives on."""


@dataclass(frozen=True, slots=True)
class Card:
    """What the catalogue shows of a shop."""

    slug: str
    name: str
    section: Section
    subsection: str
    site_url: str
    link_template: str
    status: ShopStatus
    name_uk: str | None = None
    """In Ukrainian; empty: as ``name``. None: nothing is said of it, and what was known stays."""
    name_en: str | None = None
    """In English, likewise."""


class ShopNotFound(NotFound):
    """No shop has this slug."""

    code = "shop_not_found"


class ShopInvalid(Invalid):
    """A shop's data does not hold to the rules."""

    code = "shop_invalid"


MAX_SLUG = 64
"""Characters of a shop's name in URLs."""

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", re.ASCII)
_NOT_IN_ADDRESSES = re.compile(r"[\s\x00-\x1f\x7f]")
_TAKEN = "sections"
"""Not a shop's: the catalogue's own address."""


def read_slug(text: str) -> str:
    """A shop's name in URLs. Raises ValueError."""
    if not _SLUG.fullmatch(text):
        raise ValueError(
            "lower-case Latin letters, digits and inner hyphens are expected, up to 64"
        )
    if text == _TAKEN:
        raise ValueError("the catalogue itself is at this address")
    return text


def read_section(text: str) -> Section:
    """A section by its slug or its English name. Raises ValueError."""
    return _NAMES.get(text.casefold()) or word(Section, text.casefold())


def read_web_address(text: str) -> str:
    """An absolute http(s) address. Raises ValueError."""
    parts = urlsplit(text)
    is_one = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    if not is_one or _NOT_IN_ADDRESSES.search(text):
        raise ValueError("an absolute http or https address is expected")
    return text
