"""Puts the sample shops on the catalogue's shelves."""

from collections.abc import Iterator
from itertools import chain, cycle, islice

from sandbox.catalogue.draws import pick
from sandbox.catalogue.names import invented_name, invented_words
from sandbox.catalogue.sections import SECTIONS, Section, Subsection
from sandbox.catalogue.shop_rows import ShopRow, percent
from sandbox.catalogue.terms import drawn_terms

_LINKS = (
    "https://{host}/?click={{click_id}}",
    "https://{host}/welcome?from=club&click_id={{click_id}}",
    "https://{host}/in/{{click_id}}",
)


def sample_shops() -> list[ShopRow]:
    """The whole sample catalogue, the same every time: section by section, sorted by slug."""
    places = chain.from_iterable(_places(section) for section in SECTIONS)
    shops = (
        _shop(word, section, subsection)
        for word, (section, subsection) in zip(invented_words(), places, strict=False)
    )
    order = {section.slug: place for place, section in enumerate(SECTIONS)}
    return sorted(shops, key=lambda shop: (order[shop.section], shop.slug))


def _places(section: Section) -> Iterator[tuple[Section, Subsection]]:
    """A place for each of the section's shops, its subsections in turn."""
    for subsection in islice(cycle(section.subsections), section.shops):
        yield section, subsection


def _shop(word: str, section: Section, subsection: Subsection) -> ShopRow:
    named = invented_name(word, subsection)
    terms = drawn_terms(named.slug)
    host = f"{named.slug}.example"
    return ShopRow(
        slug=named.slug,
        name=named.name,
        section=section.slug,
        subsection=subsection.slug,
        site_url=f"https://{host}/",
        link_template=pick(f"link:{named.slug}", _LINKS).format(host=host),
        hold_days=terms.hold_days,
        on_hold_end=terms.on_hold_end,
        cashback_percent=percent(terms.cashback),
        commission_percent=percent(terms.commission),
        status=terms.status,
        name_uk=named.name_uk,
        name_en=named.name_en,
    )
