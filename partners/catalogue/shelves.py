"""The catalogue of a moment, ready to be handed out: never changed once it is made.

What is asked for often is put together the first time and kept: orders, and each shop as JSON. Two
threads may do so at once; what they make is the same.
"""

import json
import threading
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from partners.catalogue.index import Index
from partners.catalogue.rules import Key, Listed, Sort, key_of, write_cursor
from partners.catalogue.spelling import Form, forms
from partners.catalogue.titles import SECTIONS, Titles, subsection_titles
from partners.shops.rules import Section, ShopNotFound
from tracker.kit.money import format_percent
from tracker.members.rules import Language

_SEARCHES = 64
"""Whose answers are kept, for their further pages."""

_NAMES = 32_768
"""Whose forms are kept, for when the catalogue changes: most names stay the same."""

_forms_of_name = lru_cache(_NAMES)(forms)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which shops are asked for, in which language and order."""

    language: Language
    section: Section | None = None
    subsection: str | None = None
    search: str = ""
    """Empty: all."""
    sort: Sort | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """Places of shops in an order, and beside each its key in it."""

    places: tuple[int, ...]
    keys: tuple[Key, ...]


class Shelves:
    """The shops of a moment."""

    def __init__(self, shops: Sequence[Listed]) -> None:
        self._shops = shops
        self._places = {shop.slug: place for place, shop in enumerate(shops)}
        self._counts = Counter((shop.section, shop.subsection) for shop in shops)
        self._subsections = {shop.subsection for shop in shops}
        self._shown: dict[tuple[int, Language], bytes] = {}
        self._listings: dict[Wanted, Listing] = {}
        self._sections: dict[Language, bytes] = {}
        self._searched = lru_cache(_SEARCHES)(self._search)
        self._index: Index | None = None
        self._indexing = threading.Lock()

    def page(self, wanted: Wanted, *, after: Key | None, limit: int) -> bytes:
        """A page of shops as JSON: those behind a key of the same order."""
        listing = self._searched(wanted) if wanted.search else self._listing(wanted)
        start = bisect_right(listing.keys, after) if after else 0
        end = start + limit
        items = b",".join(self._shop(one, wanted.language) for one in listing.places[start:end])
        more = len(listing.places) > end
        following = write_cursor(listing.keys[end - 1]) if more else None
        told = (items, json.dumps(following).encode(), len(listing.places))
        return b'{"items":[%s],"next":%s,"count":%d}' % told

    def shop(self, slug: str, language: Language) -> bytes:
        """One shop as JSON. Raises ShopNotFound."""
        place = self._places.get(slug)
        if place is None:
            raise ShopNotFound("no shop of this name takes part now")
        return self._shop(place, language)

    def sections(self, language: Language) -> bytes:
        """The sections and their subsections as JSON, with how many shops stand there."""
        if language not in self._sections:
            told = {"items": [self._section(section, language) for section in SECTIONS]}
            self._sections[language] = _json(told)
        return self._sections[language]

    def _shop(self, place: int, language: Language) -> bytes:
        shown = self._shown.get((place, language))
        if shown is None:
            shown = self._shown[place, language] = _json(_told(self._shops[place], language))
        return shown

    def _section(self, section: Section, language: Language) -> dict[str, Any]:
        here = {name: count for (of, name), count in self._counts.items() if of is section}
        below = [
            _named(name, subsection_titles(name), language) | {"shops": count}
            for name, count in here.items()
        ]
        return {
            **_named(section, SECTIONS[section], language),
            "shops": sum(here.values()),
            "subsections": sorted(below, key=lambda one: (one["name"].casefold(), one["slug"])),
        }

    def _listing(self, wanted: Wanted) -> Listing:
        """What stands on a shelf."""
        known = self._listings.get(wanted)
        if known is None:
            known = self._ordered(wanted, ((place, 0) for place in range(len(self._shops))))
            if wanted.subsection is None or wanted.subsection in self._subsections:
                self._listings[wanted] = known
        return known

    def _search(self, wanted: Wanted) -> Listing:
        """What answers a search."""
        with self._indexing:
            if self._index is None:
                self._index = Index([_forms_of_all(shop.names) for shop in self._shops])
        return self._ordered(wanted, self._index.find(wanted.search).items())

    def _ordered(self, wanted: Wanted, ranked: Iterable[tuple[int, int]]) -> Listing:
        by_cashback = wanted.sort is Sort.CASHBACK
        by_rank = wanted.sort is None
        ordered = []
        for place, rank in ranked:
            shop = self._shops[place]
            if wanted.section not in (None, shop.section):
                continue
            if wanted.subsection not in (None, shop.subsection):
                continue
            number = -shop.cashback_bp if by_cashback else int(rank) if by_rank else 0
            ordered.append((key_of(shop, wanted.language, number), place))
        ordered.sort()
        return Listing(tuple(place for _, place in ordered), tuple(key for key, _ in ordered))


def _forms_of_all(names: Iterable[str]) -> frozenset[Form]:
    return frozenset().union(*map(_forms_of_name, names))


def _told(shop: Listed, language: Language) -> dict[str, Any]:
    return {
        "slug": shop.slug,
        "name": shop.name_in(language),
        "section": shop.section,
        "subsection": shop.subsection,
        "site_url": shop.safe_url(),
        "cashback_percent": format_percent(shop.cashback_bp),
        "expected_confirmation": {"days": shop.hold_days, "policy": shop.on_hold_end},
        "go": f"/go/{shop.slug}",
    }


def _named(slug: str, titles: Titles, language: Language) -> dict[str, Any]:
    return {"slug": slug, "name": titles[language], "names": dict(titles)}


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
