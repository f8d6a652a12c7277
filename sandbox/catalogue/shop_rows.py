"""One shop as ``tracker shops import`` reads it, and the CSV text of many."""

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields


@dataclass(frozen=True, slots=True)
class ShopRow:
    """A line of the shops file; the fields are its columns, in their order."""

    slug: str
    name: str
    section: str
    """Slug of the catalogue section."""
    subsection: str
    """Slug of the subsection, unique within its section."""
    site_url: str
    link_template: str
    """Where a member is sent; ``{click_id}`` is replaced by the id of the click."""
    hold_days: int
    on_hold_end: str
    """``confirm``, ``reject`` or ``wait_for_staff``."""
    cashback_percent: str
    commission_percent: str
    status: str
    """``active``, or ``left`` once the shop has left the programme."""
    name_uk: str = ""
    """In Ukrainian; empty: as ``name``."""
    name_en: str = ""
    """In English; empty: as ``name``."""


def percent(basis_points: int) -> str:
    """``"7.25"`` of 725 basis points, ``"7"`` of 700: no more digits than it takes."""
    whole, part = divmod(basis_points, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".")


def csv_text(shops: Iterable[ShopRow]) -> str:
    """The shops as one CSV text with a header and plain line feeds."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(ShopRow))
    writer.writerows(astuple(shop) for shop in shops)
    return text.getvalue()
